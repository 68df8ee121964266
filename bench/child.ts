import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Benchmark } from './row.js';

// Runs one benchmark by name and hands its rows to bench/run.ts on descriptor 3.
const file = join(import.meta.dirname, `${process.argv[2] ?? ''}.ts`);
const benchmark = (await import(pathToFileURL(file).href)) as Benchmark;
writeFileSync(3, JSON.stringify(await benchmark.run()));
