// Reads the state below the directory given, as nobody, and prints it.
import { openInstance } from '../../src/kernel/instance.js';
import { readState } from '../../src/kernel/read-state.js';

const NOBODY = 65_534;
process.setgroups?.([]);
process.setgid?.(NOBODY);
process.setuid?.(NOBODY);
const state = await readState(openInstance({ root: process.argv[2] }));
process.stdout.write(JSON.stringify(state));
