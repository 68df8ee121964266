import { dirname, isAbsolute, join, resolve } from 'node:path';
import { build, type BuildFailure, type Message, type Plugin } from 'esbuild';
import { PlumbError, PlumbErrors } from '../model/error.js';
import { codeFrame } from './code-frame.js';
import { CONSTRUCTS, isProgramFile } from './own-package.js';
import { AFTER, BEFORE, entry } from './protocol.js';

export interface Bundle {
  /** One ECMAScript module that needs nothing but Node.js. */
  readonly code: string;
  /** Its source map as JSON; sources relative to the program's directory. */
  readonly map: string;
  /** Files of the program (absolute, sorted), without those of dependencies. */
  readonly sources: readonly string[];
}

/**
 * Puts the program, what it imports and the constructs into one module.
 * @param program absolute path
 * @throws PlumbError or PlumbErrors PLB_BUNDLE
 */
export async function makeBundle(program: string): Promise<Bundle> {
  const directory = dirname(program);
  try {
    const result = await build({
      stdin: { contents: entry(program), resolveDir: directory, sourcefile: 'plumbline:entry' },
      absWorkingDir: directory,
      outfile: join(directory, 'plumb.bundle.mjs'),
      bundle: true,
      write: false,
      platform: 'node',
      format: 'esm',
      target: 'node20',
      sourcemap: 'external',
      metafile: true,
      legalComments: 'none',
      logLevel: 'silent',
      // Modules in the older format ask for parts of Node.js by a function that ours do not have.
      banner: {
        js: "import{createRequire as plumblineRequire}from'node:module';globalThis.require=plumblineRequire('file:///');",
      },
      plugins: [ownModules],
    });
    const text = (end: string): string =>
      result.outputFiles.find((file) => file.path.endsWith(end))?.text ?? '';
    const sources = Object.keys(result.metafile.inputs)
      .filter((path) => !path.startsWith('plumbline:'))
      .map((path) => (isAbsolute(path) ? path : resolve(directory, path)))
      .filter(isProgramFile)
      .sort();
    return { code: text('.mjs'), map: text('.map'), sources };
  } catch (error) {
    if (!(error instanceof Error && 'errors' in error)) throw error;
    const errors = (error as BuildFailure).errors.map(toPlumbError);
    throw errors.length === 1 && errors[0] ? errors[0] : new PlumbErrors(errors);
  }
}

const VIRTUAL: Readonly<Record<string, string>> = {
  'plumbline:before': BEFORE,
  'plumbline:after': AFTER,
};

const ownModules: Plugin = {
  name: 'plumbline',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^plumbline$/ }, () => ({ path: CONSTRUCTS }));
    onResolve({ filter: /^plumbline:/ }, ({ path }) => ({ path, namespace: 'plumbline' }));
    onLoad({ filter: /.*/, namespace: 'plumbline' }, ({ path }) => ({
      contents: VIRTUAL[path] ?? '',
      loader: 'js',
    }));
  },
};

function toPlumbError({ text, location }: Message): PlumbError {
  const file = location?.file ?? '';
  return new PlumbError('PLB_BUNDLE', text, {
    origin: {
      path: file,
      ...(location && { file, line: location.line, column: location.column + 1 }),
    },
    hint: 'Mend the line, or install the package that it imports.',
    ...(location && {
      // One line is all that is known of the file here.
      detail: codeFrame('\n'.repeat(location.line - 1) + location.lineText, {
        line: location.line,
        column: location.column + 1,
        length: location.length,
      }),
    }),
  });
}
