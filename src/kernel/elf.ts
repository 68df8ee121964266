/** Where a variable is in its section of an object file. */
export interface Variable {
  readonly offset: number;
  readonly size: number;
}

/** ELF64 section header types. */
const SYMTAB = 2;

/** STT_OBJECT: a variable. */
const OBJECT = 1;

interface Section {
  readonly name: string;
  readonly type: number;
  readonly offset: number;
  readonly size: number;
  readonly link: number;
}

/**
 * Variables of one section of a 64-bit little-endian object file, by name.
 * @throws RangeError when the bytes are no such file.
 */
export function variablesIn(file: Uint8Array, section: string): Map<string, Variable> {
  const sections = sectionsOf(file);
  const index = sections.findIndex(({ name }) => name === section);
  const symtab = sections.find(({ type }) => type === SYMTAB);
  const variables = new Map<string, Variable>();
  if (index < 0 || symtab === undefined) return variables;
  const names = sections[symtab.link];
  const view = viewOf(file);
  for (let at = symtab.offset; at < symtab.offset + symtab.size; at += 24) {
    if (view.getUint16(at + 6, true) !== index || (view.getUint8(at + 4) & 0xf) !== OBJECT)
      continue;
    variables.set(textAt(file, (names?.offset ?? 0) + view.getUint32(at, true)), {
      offset: Number(view.getBigUint64(at + 8, true)),
      size: Number(view.getBigUint64(at + 16, true)),
    });
  }
  return variables;
}

function sectionsOf(file: Uint8Array): Section[] {
  const view = viewOf(file);
  const isElf64 = file.length > 64 && view.getUint32(0) === 0x7f454c46 && file[4] === 2;
  if (!isElf64 || file[5] !== 1) throw new RangeError('not a 64-bit little-endian ELF file');
  const start = Number(view.getBigUint64(40, true));
  const count = view.getUint16(60, true);
  const headers = Array.from({ length: count }, (_, i) => {
    const at = start + i * 64;
    return {
      nameAt: view.getUint32(at, true),
      type: view.getUint32(at + 4, true),
      offset: Number(view.getBigUint64(at + 24, true)),
      size: Number(view.getBigUint64(at + 32, true)),
      link: view.getUint32(at + 40, true),
    };
  });
  const names = headers[view.getUint16(62, true)]?.offset ?? 0;
  return headers.map(({ nameAt, ...rest }) => ({ name: textAt(file, names + nameAt), ...rest }));
}

function textAt(file: Uint8Array, at: number): string {
  const end = file.indexOf(0, at);
  return Buffer.from(file.buffer, file.byteOffset + at, end - at).toString('utf8');
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
