// Applies a turn of the changing program; somebody else kills it on the way.
import { openInstance } from '../../src/kernel/instance.js';
import { turnTo } from './turn.js';

const [node = '', root = '', turn = 'none'] = process.argv.slice(2);
const instance = openInstance({ netns: node, root });
await turnTo(node, instance, turn === 'none' ? 'none' : Number(turn));
