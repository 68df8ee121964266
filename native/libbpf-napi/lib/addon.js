import { createRequire } from 'node:module';

/**
 * What every native function gives back; see src/addon.cc.
 * @typedef {{ errno: number, code?: string, description?: string, call?: string, log?: string }} Outcome
 */

/** @type {Record<string, any>} */
export const addon = createRequire(import.meta.url)('../build/libbpf_napi.node');
