import pc from 'picocolors';
import { PlumbError, PlumbErrors, type Origin } from '../model/error.js';
import { originText } from './origin.js';
import { visible } from './text.js';

/** What there is to say of any error, one of ours or not. */
export interface ErrorView {
  readonly code: string;
  readonly message: string;
  readonly origin?: Origin;
  readonly detail?: string;
  readonly hint?: string;
}

/** Every problem in an error, in order. What is no PlumbError is a wrong command line, or a defect of ours. */
export function listErrors(error: unknown): ErrorView[] {
  if (error instanceof PlumbErrors) return error.errors.map(view);
  if (error instanceof PlumbError) return [view(error)];
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof Error && 'oclif' in error) {
    return [{ code: 'PLB_USAGE', message, hint: 'See --help of this command.' }];
  }
  const hint = 'This is a defect of plumb. Set PLUMB_DEBUG=1 to see where, and report it.';
  return [{ code: 'PLB_INTERNAL', message, hint }];
}

/** For `--json`: flat, absent members left out. */
export function errorToJson({ code, message, origin, detail, hint }: ErrorView): object {
  return {
    code,
    message,
    ...(origin === undefined ? {} : { path: origin.path }),
    ...(origin?.file === undefined ? {} : { file: origin.file }),
    ...(origin?.line === undefined ? {} : { line: origin.line }),
    ...(origin?.column === undefined ? {} : { column: origin.column }),
    ...(detail === undefined ? {} : { detail }),
    ...(hint === undefined ? {} : { hint }),
  };
}

/** Text for a terminal, without a line feed at the end; errors are parted by an empty line. */
export function renderErrors(
  errors: readonly ErrorView[],
  { colour }: { readonly colour: boolean },
): string {
  const c = pc.createColors(colour);
  return errors
    .map(({ code, message, origin, detail, hint }) => {
      const place = origin === undefined ? [] : [originText(origin), origin.path];
      const head = [c.red(`error ${code}`), ...new Set(place)].join('  ');
      const body = [
        ...message.split('\n'),
        ...(detail === undefined ? [] : ['', ...detail.split('\n'), '']),
      ];
      const lines = [head, ...body.map((line) => (line === '' ? '' : `  ${visible(line)}`))];
      if (hint !== undefined) lines.push(`  ${c.cyan('hint:')} ${visible(hint)}`);
      return lines.join('\n');
    })
    .join('\n\n');
}

function view({ code, message, origin, detail, hint }: PlumbError): ErrorView {
  return {
    code,
    message,
    ...(origin === undefined ? {} : { origin }),
    ...(detail === undefined ? {} : { detail }),
    hint,
  };
}
