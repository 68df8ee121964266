export { BpfError } from './lib/error.js';
export { attachCgroup, attachSkLookup, attachTcx, BpfLink, tcxPrograms } from './lib/link.js';
export { BpfMap } from './lib/map.js';
export { BpfObject, btfEnum, btfLayout, loadObject } from './lib/object.js';
export { BpfProgram } from './lib/program.js';
export { RingBuffer } from './lib/ring.js';
export { isBpffs, listIds, mountBpffs, unpin } from './lib/system.js';
