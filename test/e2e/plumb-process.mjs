// Runs one command of plumb after the other, as bin/plumb would, without starting anew for each.
import { Config, run, settings } from '@oclif/core';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');
process.chdir(root);
// As bin/plumb has it: what runs is dist, also where NODE_ENV is test.
settings.enableAutoTranspile = false;
const config = await Config.load({ root });
/** Each command listens for the end of the terminal. */
for (const stream of [process.stdout, process.stderr]) stream.setMaxListeners(0);

async function command(args) {
  const said = { stdout: '', stderr: '' };
  const real = {};
  for (const name of ['stdout', 'stderr']) {
    real[name] = process[name].write;
    process[name].write = (chunk) => {
      said[name] += chunk;
      return true;
    };
  }
  process.exitCode = undefined;
  try {
    await run([...args], config);
  } catch (error) {
    process.exitCode = error.oclif?.exit ?? 1;
    if (error.code !== 'EEXIT') said.stderr += `${error.stack}\n`;
  } finally {
    for (const name of ['stdout', 'stderr']) process[name].write = real[name];
  }
  const code = process.exitCode ?? 0;
  process.exitCode = undefined;
  return { code, ...said };
}

let last = Promise.resolve();
process.on('message', ({ call, args }) => {
  // What is written is written by a process: two commands at once could not be told apart.
  last = last.then(async () => process.send({ call, result: await command(args) }));
});
process.on('disconnect', () => process.exit(0));
