import { addon } from './addon.js';
import { errorOf, NetlinkError } from './error.js';

/** libnftables runs one at a time; a queue here keeps Node's threads free. @type {Promise<unknown>} */
let last = Promise.resolve();

/** @param {{ netns?: string, json: object, echo?: boolean }} o @returns {Promise<object>} */
export async function nft({ netns = '', json, echo = false }) {
  const text = JSON.stringify(json);
  const turn = last.then(() => addon.nft(netns, text, echo));
  last = turn.catch(() => {});
  const result = await turn;
  const extack = result.complaint.trim();
  if (extack !== '') {
    const { errno, code = 'EINVAL' } = result;
    throw new NetlinkError(`nft: ${extack} (${code})`, { code, errno, extack, request: 'nft' });
  }
  if (result.errno !== 0) throw errorOf(result, 'nft');
  return result.output.trim() === '' ? {} : JSON.parse(result.output);
}
