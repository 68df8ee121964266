import { resolve } from 'node:path';
import { originalPositionFor, sourceContentFor, TraceMap } from '@jridgewell/trace-mapping';
import type { Origin } from '../model/error.js';
import { codeFrame } from './code-frame.js';
import { isProgramFile } from './own-package.js';
import type { RawPosition } from './protocol.js';

export interface Position {
  /** Relative to the program's directory. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** `file:line:column` at the end of a line of a stack, in brackets or not. */
const FRAME = /\(?([^()\s]+):(\d+):(\d+)\)?$/;

/** How Node.js calls the module on its standard input. */
const BUNDLE = /^(file:\/\/.*\/)?\[eval\d*\]$/;

/** Translates places in the bundle into places in the program. */
export class Positions {
  private readonly map: TraceMap;

  /**
   * @param map source map of the bundle, as JSON
   * @param directory of the program, absolute
   * @param manifests names of files that are no part of the bundle, which constructs may come from
   */
  constructor(
    map: string,
    private readonly directory: string,
    private readonly manifests: ReadonlySet<string> = new Set(),
  ) {
    this.map = new TraceMap(map);
  }

  /** Undefined for what is not in the bundle. */
  find({ file, line, column }: RawPosition): Position | undefined {
    if (file !== undefined && this.manifests.has(file) && line && column) {
      return { file, line, column };
    }
    if (file === undefined || !BUNDLE.test(file) || !line || !column) return undefined;
    const found = originalPositionFor(this.map, { line, column: column - 1 });
    if (found.source === null) return undefined;
    return { file: found.source, line: found.line, column: found.column + 1 };
  }

  /** The same construct path, with the place in the program if there is one. */
  origin(raw: Origin): Origin {
    return { path: raw.path, ...this.find(raw) };
  }

  /** Where the program itself is in a stack: innermost first, without frames of dependencies. */
  ofStack(stack: string): Position[] {
    return stack.split('\n').flatMap((text) => {
      const match = FRAME.exec(text);
      if (match === null) return [];
      const [, file, line, column] = match;
      const position = this.find({ file, line: Number(line), column: Number(column) });
      return position && isProgramFile(resolve(this.directory, position.file)) ? [position] : [];
    });
  }

  /** The place with its neighbouring lines; empty where the source is not known. */
  frame({ file, line, column }: Position): string {
    const source = sourceContentFor(this.map, file);
    return source === null ? '' : codeFrame(source, { line, column });
  }
}
