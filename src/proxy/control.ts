import { request, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { PlumbError } from '../model/error.js';
import type { Attributes } from '../state/state.js';

/** Where the supervisor of an instance keeps its things, mode 0700. */
export function proxyDirectory(runDir: string): string {
  return join(runDir, 'proxy');
}

export function controlSocket(runDir: string): string {
  return join(proxyDirectory(runDir), 'control.sock');
}

/** What the supervisor is told when it is started. */
export interface SupervisorOptions {
  readonly runDir: string;
  /** Directory of the pinned maps. */
  readonly maps: string;
  /** Path of the node's namespace; absent: that of the supervisor. */
  readonly netns?: string;
}

/** What it answers when it cannot do what it is asked for. */
export interface Refusal {
  readonly code: PlumbError['code'];
  readonly message: string;
  readonly detail?: string;
  readonly hint?: string;
}

/** Milliseconds; a new HAProxy may take its time on a machine that is busy. */
const PATIENCE = 30_000;
const GLANCE = 2_000;

/** What runs; undefined where no supervisor does. */
export async function askProxy(runDir: string): Promise<Attributes['proxy'] | undefined> {
  const answer = await call(runDir, 'GET', '/proxy', undefined, GLANCE);
  return answer === undefined ? undefined : (JSON.parse(answer) as Attributes['proxy']);
}

/** Has it run that instead. False where no supervisor does. @throws PlumbError what the supervisor says */
export async function tellProxy(runDir: string, wanted: Attributes['proxy']): Promise<boolean> {
  const answer = await call(runDir, 'PUT', '/proxy', JSON.stringify(wanted), PATIENCE);
  return answer !== undefined;
}

/** Ends it, and every connection that it filters. False where there is none. */
export async function stopProxy(runDir: string): Promise<boolean> {
  return (await call(runDir, 'DELETE', '/proxy', undefined, PATIENCE)) !== undefined;
}

/** Records of what is filtered, one JSON document a line, as they come; undefined where none runs. */
export async function openRecords(
  runDir: string,
  signal?: AbortSignal,
): Promise<IncomingMessage | undefined> {
  return await send(runDir, 'GET', '/records', undefined, { ...(signal && { signal }) });
}

async function call(
  runDir: string,
  method: string,
  path: string,
  body: string | undefined,
  timeout: number,
): Promise<string | undefined> {
  const response = await send(runDir, method, path, body, { timeout });
  if (response === undefined) return undefined;
  const answer = await text(response);
  if (response.statusCode === 200) return answer;
  const { code, message, detail, hint = 'Plan again.' } = JSON.parse(answer) as Refusal;
  throw new PlumbError(code, message, { hint, ...(detail === undefined ? {} : { detail }) });
}

function send(
  runDir: string,
  method: string,
  path: string,
  body: string | undefined,
  options: { readonly timeout?: number; readonly signal?: AbortSignal },
): Promise<IncomingMessage | undefined> {
  return new Promise((resolve, reject) => {
    const sent = request({ socketPath: controlSocket(runDir), method, path, ...options });
    sent.on('response', resolve);
    sent.on('timeout', () => {
      sent.destroy(
        new PlumbError('PLB_PROXY', `the proxy's supervisor does not answer`, {
          hint: `See its log in ${proxyDirectory(runDir)}.`,
        }),
      );
    });
    sent.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED') resolve(undefined);
      else reject(error);
    });
    sent.end(body);
  });
}
