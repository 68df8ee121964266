import { dirname, relative } from 'node:path';
import type TS from 'typescript';
import { PlumbError } from '../model/error.js';
import { codeFrame } from './code-frame.js';
import type { RuleLines } from './compile-protocol.js';
import { CONSTRUCTS_TYPES, isProgramFile } from './own-package.js';
import { ruleLines } from './rule-lines.js';
import { ts } from './typescript.js';

export interface Checked {
  /** Everything the compiler objects to, in its order; PLB_TYPE each. */
  readonly errors: readonly PlumbError[];
  readonly ruleLines: RuleLines;
}

/** What holds where a program has no tsconfig.json. */
const STRICT: TS.CompilerOptions = {
  target: ts.ScriptTarget.ES2023,
  lib: ['lib.es2023.d.ts'],
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  resolveJsonModule: true,
  types: ['*'],
  strict: true,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  skipLibCheck: true,
};

/** Nothing is written, so nothing that has to do with writing may be asked for. */
const CHECK_ONLY: TS.CompilerOptions = {
  noEmit: true,
  composite: false,
  declaration: false,
  declarationMap: false,
  emitDeclarationOnly: false,
  incremental: false,
  sourceMap: false,
};

/** What the compiler says of a property that another one rules out, such as ports beside ICMP. */
const EXCLUDED = /is not assignable to type '(undefined|never)'/;

const EDITOR = 'an editor shows the same message there';

/** tsconfig.json names no file that is there: we name our own. */
const NO_INPUTS = new Set([18_002, 18_003]);

/** A file is outside rootDir: a matter of where output would go. */
const OUTSIDE_ROOT_DIR = 6059;

/**
 * Type-checks a program under the options of the nearest tsconfig.json. Keeps this thread busy.
 * @param program absolute path
 */
export function check(program: string): Checked {
  const directory = dirname(program);
  const { options, errors } = readOptions(directory);
  const compiled = ts.createProgram({
    rootNames: [program],
    options,
    configFileParsingDiagnostics: errors,
  });
  return {
    errors: ts
      .getPreEmitDiagnostics(compiled)
      .filter(({ category }) => category === ts.DiagnosticCategory.Error)
      .filter(({ code }) => code !== OUTSIDE_ROOT_DIR)
      .filter(({ file }) => file === undefined || isProgramFile(file.fileName))
      .map((diagnostic) => toPlumbError(diagnostic, directory)),
    ruleLines: ruleLines(compiled, directory),
  };
}

function readOptions(directory: string): Pick<TS.ParsedCommandLine, 'options' | 'errors'> {
  const path = ts.findConfigFile(directory, (file) => ts.sys.fileExists(file));
  const parsed = path === undefined ? { options: STRICT, errors: [] } : parseConfig(path);
  const options: TS.CompilerOptions = {
    ...parsed.options,
    ...CHECK_ONLY,
    // The program runs with these constructs, so it is checked against them.
    paths: { ...parsed.options.paths, plumbline: [CONSTRUCTS_TYPES] },
  };
  for (const name of ['tsBuildInfoFile', 'declarationDir', 'outFile']) {
    Reflect.deleteProperty(options, name);
  }
  return { options, errors: parsed.errors };
}

function parseConfig(path: string): Pick<TS.ParsedCommandLine, 'options' | 'errors'> {
  const source = ts.readJsonConfigFile(path, (file) => ts.sys.readFile(file));
  // Listing files would walk the whole project for nothing.
  const host: TS.ParseConfigHost = { ...ts.sys, readDirectory: () => [] };
  const { options, errors } = ts.parseJsonSourceFileConfigFileContent(
    source,
    host,
    dirname(path),
    undefined,
    path,
  );
  return { options, errors: errors.filter(({ code }) => !NO_INPUTS.has(code)) };
}

function toPlumbError(diagnostic: TS.Diagnostic, directory: string): PlumbError {
  const { file, start, length, code } = diagnostic;
  const text = ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n');
  const message = `${text} (TS${String(code)})`;
  const hint = EXCLUDED.test(text)
    ? `Leave it out: it does not go together with what else is said there; ${EDITOR}.`
    : `Mend the line so that the types agree; ${EDITOR}.`;
  if (file === undefined || start === undefined) {
    return new PlumbError('PLB_TYPE', message, { hint: 'Mend tsconfig.json.' });
  }
  const { line, character } = file.getLineAndCharacterOfPosition(start);
  const name = relative(directory, file.fileName);
  const at = { line: line + 1, column: character + 1 };
  return new PlumbError('PLB_TYPE', message, {
    origin: { path: name, file: name, ...at },
    hint,
    detail: codeFrame(file.text, { ...at, length }),
  });
}
