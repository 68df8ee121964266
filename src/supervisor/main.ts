import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { proxyDirectory, type SupervisorOptions } from '../proxy/control.js';
import { serve } from './server.js';
import { Supervisor } from './supervisor.js';

const options = JSON.parse(process.argv[2] ?? '') as SupervisorOptions;
process.umask(0o077);
process.title = 'plumb-proxy';
const supervisor = new Supervisor(options);
const directory = proxyDirectory(options.runDir);
mkdirSync(directory, { recursive: true, mode: 0o700 });
writeFileSync(join(directory, 'pid'), String(process.pid));
const server = await serve(options.runDir, supervisor, () => {
  server.close();
});
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => {
    void supervisor.stop(false).then(() => server.close());
  });
}
// Whoever started it may lose the terminal.
process.on('SIGHUP', () => undefined);
