import { addon } from './addon.js';
import { checked, refused } from './error.js';
import { BpfMap } from './map.js';
import { BpfProgram } from './program.js';

/** What was in an object file, loaded. */
export class BpfObject {
  /** @type {Map<string, BpfProgram>} */
  #programs;
  /** @type {Map<string, BpfMap>} */
  #maps;

  /**
   * @param {Record<string, number>} programs
   * @param {Record<string, number>} maps
   */
  constructor(programs, maps) {
    this.#programs = new Map(Object.entries(programs).map(([n, fd]) => [n, new BpfProgram(fd)]));
    this.#maps = new Map(Object.entries(maps).map(([n, fd]) => [n, new BpfMap(fd)]));
  }

  programs() {
    return [...this.#programs.keys()];
  }

  maps() {
    return [...this.#maps.keys()];
  }

  /** @param {string} name */
  program(name) {
    const program = this.#programs.get(name);
    if (program === undefined) throw refused(`there is no program ${name}`);
    return program;
  }

  /** @param {string} name */
  map(name) {
    const map = this.#maps.get(name);
    if (map === undefined) throw refused(`there is no map ${name}`);
    return map;
  }

  close() {
    for (const handle of [...this.#programs.values(), ...this.#maps.values()]) handle.close();
  }
}

/**
 * @param {string} path
 * @param {import('../index.js').LoadOptions} [options]
 */
export async function loadObject(path, options = {}) {
  const { rodata = {}, reuseMaps = {}, maxEntries = {}, programs: wanted = [] } = options;
  const reuse = Object.fromEntries(Object.entries(reuseMaps).map(([name, map]) => [name, map.fd]));
  const { programs, maps } = checked(
    await addon.load(path, rodata, reuse, maxEntries, wanted),
    `load ${path}`,
  );
  return new BpfObject(programs, maps);
}

/**
 * @param {string} path
 * @param {string} name
 */
export function btfEnum(path, name) {
  return checked(addon.enumeration(path, name), `constants of ${name}`).values;
}

/**
 * @param {string} path
 * @param {string} struct
 */
export function btfLayout(path, struct) {
  const { size, fields } = checked(addon.layout(path, struct), `layout of ${struct}`);
  return { size, fields };
}
