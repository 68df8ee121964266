import { createRequire } from 'node:module';

/**
 * What the native functions give back; see src/addon.cc.
 * @typedef {{ errno: number, code?: string, description?: string, text?: string }} Status
 */

/**
 * @typedef {object} NativeSocket
 * @property {(netns: string) => Promise<Status>} open
 * @property {(messages: Uint8Array, chained: Uint8Array) => Promise<(Status & { index: number })[]>} transact
 * @property {(request: Uint8Array) => Promise<Status & { messages: Buffer }>} query
 * @property {() => void} close
 */

/**
 * Addresses are 16 bytes, IPv4 mapped. backlog: 0 for a socket that does not listen.
 * @typedef {{
 *   netns: string, stream: boolean, source: Uint8Array, sourcePort: number,
 *   destination?: Uint8Array, destinationPort?: number, device: string, mark: number, backlog: number,
 * }} InetSocketSpec
 */

/**
 * Addresses as in InetSocketSpec.
 * @typedef {object} ReceivedDatagram
 * @property {Buffer} data
 * @property {Buffer} source
 * @property {number} sourcePort
 * @property {Buffer} destination
 * @property {number} destinationPort
 */

/**
 * @typedef {object} NativePoll
 * @property {(events: number) => number} start 1: readable, 2: writable; gives back an errno, or 0
 * @property {() => void} close
 */

/**
 * @type {{
 *   Socket: new () => NativeSocket,
 *   netnsCreate(directory: string, name: string, setup: Uint8Array, mark: string): Promise<Status>,
 *   netnsDelete(path: string): Promise<Status>,
 *   netnsWrite(netns: string, path: string, text: string): Promise<Status>,
 *   netnsRead(netns: string, paths: readonly string[]): Promise<Status & { texts: string[] }>,
 *   nft(netns: string, json: string, echo: boolean): Promise<Status & { output: string, complaint: string }>,
 *   inetSocketOpen(o: InetSocketSpec): Promise<Status & { fd: number }>,
 *   socketError(fd: number): Status,
 *   socketPort(fd: number): number,
 *   datagramReceive(fd: number): Status & ReceivedDatagram,
 *   datagramSend(fd: number, data: Uint8Array, from?: Uint8Array, to?: Uint8Array, port?: number): Status,
 *   Poll: new (fd: number, callback: (ready: number) => void) => NativePoll,
 *   openPinned(path: string): Status & { fd: number },
 * }}
 */
export const addon = createRequire(import.meta.url)('../build/iproute2_netlink.node');
