import { createRequire } from 'node:module';
import type TS from 'typescript';

/**
 * The compiler, by `require`: an import would first look through its nine megabytes for the names that
 * they export, which takes longer than the compiler does for a program.
 */
export const ts = createRequire(import.meta.url)('typescript') as typeof TS;
