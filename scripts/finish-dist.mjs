// After tsc: removes what sources left that are gone (oclif would still find such a command), and
// writes oclif.manifest.json, without which every start would load every command.
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const dist = join(root, 'dist');

/** @param {string} name file of dist, relative to it */
function sourceOf(name) {
  return name.replace(/\.d\.ts$|\.js\.map$|\.js$/, '.ts');
}

for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || entry.name === '.tsbuildinfo') continue;
  const path = join(entry.parentPath, entry.name);
  const source = join(root, sourceOf(path.slice(dist.length)));
  if (/\.(js|js\.map|d\.ts)$/.test(path) && !existsSync(source)) rmSync(path);
}

const manifestPath = join(root, 'oclif.manifest.json');
rmSync(manifestPath, { force: true });
if (existsSync(join(dist, 'src/cli/commands'))) {
  const { Plugin } = await import('@oclif/core');
  const plugin = new Plugin({ root, ignoreManifest: true, errorOnManifestCreate: true });
  await plugin.load();
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  writeFileSync(manifestPath, `${JSON.stringify({ ...plugin.manifest, version })}\n`);
}
