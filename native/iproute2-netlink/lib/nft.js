import { addon } from './addon.js';
import { errorOf } from './error.js';

/** @param {{ netns?: string, json: object, echo?: boolean }} o @returns {Promise<object>} */
export async function nft({ netns = '', json, echo = false }) {
  const result = await addon.nft(netns, JSON.stringify(json), echo);
  if (result.errno !== 0) {
    // libnftables' text says it all, and ends with the errno's words
    const { description: _, text = '', ...status } = result;
    throw errorOf({ ...status, text: text.trim() }, 'nft', { extack: true });
  }
  return result.output.trim() === '' ? {} : JSON.parse(result.output);
}
