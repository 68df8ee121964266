import type { HTTPRuleSpec } from '../../../src/model/l7.js';
import type { SmugglingCase } from './run-case.js';

/** What all cases are judged by. Nothing else may reach the server, `/admin` above all. */
export const smugglingRules: readonly HTTPRuleSpec[] = [
  { method: 'GET|HEAD|POST|OPTIONS', path: '/v1/.*' },
  { path: '/hosted', host: 'good\\.example' },
  { path: '/keyed', headers: ['X-Key: right'] },
];

export const HOST = 'Host: good.example\r\n';
export const CLOSE = 'Connection: close\r\n';
export const get = (path: string, headers = ''): string =>
  `GET ${path} HTTP/1.1\r\n${HOST}${headers}\r\n`;
export const post = (headers: string, body = ''): string =>
  `POST /v1/post HTTP/1.1\r\n${HOST}${headers}\r\n${body}`;
export const ADMIN = get('/admin');
export const POST = 'POST /v1/post';

export function one(
  name: string,
  send: string | Buffer,
  statuses: number | readonly number[],
  ...reaches: readonly string[]
): SmugglingCase {
  return { name, send: [send], statuses: [statuses].flat(), reaches };
}
