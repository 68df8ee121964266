import { once } from 'node:events';
import { chmodSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { PlumbError } from '../model/error.js';
import { controlSocket, type Refusal } from '../proxy/control.js';
import type { Attributes } from '../state/state.js';
import { complain } from './complain.js';
import type { Supervisor } from './supervisor.js';

/** Answers on the instance's control socket, which only root can open. */
export async function serve(
  runDir: string,
  supervisor: Supervisor,
  onStopped: () => void,
): Promise<Server> {
  const path = controlSocket(runDir);
  // One is started only where none answers.
  rmSync(path, { force: true });
  const server = createServer((request, response) => {
    answer(supervisor, request, response, onStopped).catch((error: unknown) => {
      response.statusCode = 409;
      response.end(JSON.stringify(refusalOf(error)));
    });
  });
  server.listen(path);
  await once(server, 'listening');
  // Until here its directory alone, which is root's, keeps others out.
  chmodSync(path, 0o600);
  return server;
}

async function answer(
  supervisor: Supervisor,
  request: IncomingMessage,
  response: ServerResponse,
  onStopped: () => void,
): Promise<void> {
  const { method = '', url = '' } = request;
  if (url === '/records' && method === 'GET') {
    await streamRecords(supervisor, response);
    return;
  }
  if (url !== '/proxy') {
    response.statusCode = 404;
    response.end(JSON.stringify({ code: 'PLB_PROXY', message: `there is no ${url}` }));
    return;
  }
  if (method === 'PUT') {
    await supervisor.run(JSON.parse(await text(request)) as Attributes['proxy']);
  } else if (method === 'DELETE') {
    await supervisor.stop(true);
    response.setHeader('connection', 'close');
    response.once('finish', onStopped);
  }
  response.end(JSON.stringify(supervisor.state()));
}

async function streamRecords(supervisor: Supervisor, response: ServerResponse): Promise<void> {
  const following = supervisor.follow((line) => {
    // Who does not read loses records, not memory of the supervisor.
    if (response.headersSent && !response.writableNeedDrain) response.write(`${line}\n`);
  });
  response.on('close', () => void following.then((leave) => leave()).catch(complain));
  await following;
  // Once this is read every request is told.
  response.writeHead(200, { 'content-type': 'application/x-ndjson' });
  response.flushHeaders();
}

function refusalOf(error: unknown): Refusal {
  if (error instanceof PlumbError) {
    const { code, message, detail, hint } = error;
    return { code, message, hint, ...(detail === undefined ? {} : { detail }) };
  }
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { code: 'PLB_PROXY', message };
}
