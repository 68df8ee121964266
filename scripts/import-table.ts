// Prints what becomes of each manifest below a directory, as a table of Markdown:
// node scripts/ts-run.mjs scripts/import-table.ts DIRECTORY
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { synthesize } from '../src/engine/desired.js';
import { PlumbErrors, type PlumbError } from '../src/model/error.js';

/** Files with manifests below a directory, relative to it. */
export function manifestsBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(ya?ml|json)$/.test(name))
    .sort();
}

/** What becomes of a file that is read on its own, in words. */
export async function resultOf(path: string): Promise<string> {
  try {
    const { document } = await synthesize('', { manifests: path });
    const counts = [
      [document.policies.length, 'policies'],
      [document.endpoints.length, 'endpoints'],
      [document.services.length, 'services'],
    ] as const;
    const made = counts.filter(([n]) => n > 0).map(([n, what]) => `${what}: ${String(n)}`);
    return `imports (${made.join(', ') || 'nothing of it bears on the network'})`;
  } catch (error) {
    const all = error instanceof PlumbErrors ? error.errors : [error as PlumbError];
    const texts = all.map(
      ({ code, message }) => `${code}: ${message.replaceAll(`${path}:`, 'line ')}`,
    );
    return `refused: ${texts.slice(0, 2).join('; ')}${all.length > 2 ? `; ${String(all.length - 2)} more` : ''}`;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [directory = '.'] = process.argv.slice(2);
  console.log('| file | result |\n| --- | --- |');
  for (const file of manifestsBelow(directory)) {
    const result = await resultOf(join(directory, file));
    console.log(`| ${file} | ${result.replaceAll('|', '\\|')} |`);
  }
}
