import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const SOURCES = join(import.meta.dirname, '../../bpf');

/** The datapath built from its own sources once more, with a difference: what an upgrade would bring. */
export interface SecondDatapath {
  readonly object: string;
  remove(): void;
}

export function buildSecondDatapath(): SecondDatapath {
  const directory = mkdtempSync(join(tmpdir(), 'plumb-second-'));
  cpSync(SOURCES, directory, { recursive: true });
  rmSync(join(directory, 'dist'), { recursive: true, force: true });
  const header = join(directory, 'include/tunnel.h');
  const text = readFileSync(header, 'utf8');
  const changed = text.replace('#define TUNNEL_TTL 64', '#define TUNNEL_TTL 63');
  if (changed === text) throw new Error('the second datapath would be the first');
  writeFileSync(header, changed);
  execFileSync('make', ['--silent', '-C', directory]);
  return {
    object: join(directory, 'dist/endpoint.o'),
    remove: () => rmSync(directory, { recursive: true }),
  };
}
