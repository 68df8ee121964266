import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PlumbError } from '../model/error.js';
import { variablesIn, type Variable } from './elf.js';

/** Name of the variable that carries the object's own hash, and the prefix of its switches. */
const BUILD = 'plumb_build';
const FEATURE = 'feature_';

/** The datapath's object file and what can be set in it before it is loaded. */
export interface Datapath {
  readonly path: string;
  /** First 16 hex digits of the SHA-256 of the file. */
  readonly hash: string;
  readonly rodata: ReadonlyMap<string, Variable>;
  /** Names of the maps that it declares. */
  readonly maps: ReadonlySet<string>;
}

/** What a loaded program says of itself. */
export interface Build {
  readonly object: string;
  readonly features: Readonly<Record<string, boolean>>;
}

const read = new Map<string, Datapath>();

/**
 * The object that is shipped, or the one at `path`.
 * @throws PlumbError PLB_DATAPATH when it was not built.
 */
export function openDatapath(path = shippedObject()): Datapath {
  const known = read.get(path);
  if (known !== undefined) return known;
  let file: Buffer;
  try {
    file = readFileSync(path);
  } catch (cause) {
    throw new PlumbError('PLB_DATAPATH', `there is no datapath object ${path}`, {
      hint: 'Build it: make bpf.',
      cause,
    });
  }
  const hash = createHash('sha256').update(file).digest('hex').slice(0, 16);
  const maps = new Set(variablesIn(file, '.maps').keys());
  const datapath = { path, hash, rodata: variablesIn(file, '.rodata'), maps };
  read.set(path, datapath);
  return datapath;
}

/** Names of the switches that the object has. */
export function featuresOf({ rodata }: Datapath): string[] {
  return [...rodata.keys()]
    .filter((name) => name.startsWith(FEATURE))
    .map((name) => name.slice(FEATURE.length))
    .sort();
}

/** Values to write into .rodata before the object is loaded. @throws PlumbError PLB_DATAPATH */
export function rodataFor(
  datapath: Datapath,
  { object, features }: Build,
): Record<string, Uint8Array> {
  if (object !== datapath.hash) {
    throw new PlumbError(
      'PLB_DATAPATH',
      `the plan wants datapath ${object}, this is ${datapath.hash}`,
      {
        hint: 'Plan again with this version of plumb.',
      },
    );
  }
  const rodata: Record<string, Uint8Array> = { [BUILD]: Buffer.from(object, 'hex') };
  for (const [name, on] of Object.entries(features)) {
    if (!datapath.rodata.has(FEATURE + name)) {
      throw new PlumbError('PLB_DATAPATH', `this datapath has no feature ${name}`, {
        hint: `It has: ${featuresOf(datapath).join(', ')}.`,
      });
    }
    rodata[FEATURE + name] = Uint8Array.of(on ? 1 : 0);
  }
  return rodata;
}

/**
 * Reads back what {@link rodataFor} wrote. The offsets are those of the object on disk: of a program
 * made from another one, the build differs in any case, which is all that a plan needs to know.
 */
export function buildOf(datapath: Datapath, rodata: Uint8Array): Build {
  const hash = datapath.rodata.get(BUILD);
  const features: Record<string, boolean> = {};
  for (const name of featuresOf(datapath)) {
    const at = datapath.rodata.get(FEATURE + name)?.offset ?? rodata.length;
    features[name] = (rodata[at] ?? 0) !== 0;
  }
  const at = hash?.offset ?? rodata.length;
  const object = Buffer.from(rodata.subarray(at, at + 8)).toString('hex');
  return object === datapath.hash ? { object, features } : { object, features: {} };
}

/** `bpf/dist/endpoint.o` of this package, also when this file was compiled into `dist/`. */
function shippedObject(): string {
  let directory = import.meta.dirname;
  while (!existsSync(join(directory, 'package.json')) && directory !== dirname(directory)) {
    directory = dirname(directory);
  }
  return join(directory, 'bpf/dist/endpoint.o');
}
