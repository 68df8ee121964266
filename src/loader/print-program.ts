import type TS from 'typescript';
import type { ConstructCall, PlainValue } from '../model/construct-call.js';
import type { LintIgnore } from '../model/lint.js';
import { ts } from './typescript.js';

/** What fits into one line of the program. */
const WIDTH = 100;

const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;

/**
 * A program that makes these constructs, in TypeScript. Each has the file and line that it came from in
 * a comment above it.
 * @param ignores what the whole program silences
 */
export function printProgram(
  calls: readonly ConstructCall[],
  ignores: readonly Omit<LintIgnore, 'path'>[] = [],
): string {
  const f = ts.factory;
  const names = calls.map(({ construct }) => construct as string);
  const used = [...new Set(['App', ...(ignores.length > 0 ? ['Lint'] : []), ...names])].sort();
  const imports = f.createImportDeclaration(
    undefined,
    f.createImportClause(
      undefined,
      undefined,
      f.createNamedImports(
        used.map((name) => f.createImportSpecifier(false, undefined, f.createIdentifier(name))),
      ),
    ),
    quoted('plumbline'),
  );
  const app = constant('app', f.createNewExpression(f.createIdentifier('App'), undefined, []));
  const statements = calls.map((call) => print(statementOf(call, calls)));
  const comments = calls.map(({ origin }) => `// ${inLine(origin.file)}:${String(origin.line)}`);
  const blocks = statements.map((text, i) => `${comments[i] ?? ''}\n${text}`);
  const head = [print(app), ...ignores.map((one) => print(ignoring(one)))].join('\n');
  return `${[print(imports), head, ...blocks].join('\n\n')}\n`;
}

function ignoring({ code, reason }: Omit<LintIgnore, 'path'>): TS.Statement {
  const f = ts.factory;
  const callee = f.createPropertyAccessExpression(f.createIdentifier('Lint'), 'ignore');
  const values = [f.createIdentifier('app'), quoted(code), quoted(reason)];
  return f.createExpressionStatement(f.createCallExpression(callee, undefined, values));
}

function statementOf(call: ConstructCall, calls: readonly ConstructCall[]): TS.Statement {
  const f = ts.factory;
  const { construct, variable, scope, id, props, references = {} } = call;
  const members = [
    ...Object.entries(props).map(([name, value]) => member(name, literal(value, 8))),
    ...Object.entries(references).map(([name, to]) =>
      name === to
        ? f.createShorthandPropertyAssignment(name)
        : member(name, f.createIdentifier(to)),
    ),
  ];
  const isBare = construct === 'Namespace' && members.length === 0;
  const made = f.createNewExpression(f.createIdentifier(construct), undefined, [
    f.createIdentifier(scope),
    quoted(id),
    ...(isBare ? [] : [f.createObjectLiteralExpression(members, members.length > 0)]),
  ]);
  const isUsed = calls.some(
    (other) =>
      variable !== undefined &&
      (other.scope === variable || Object.values(other.references ?? {}).includes(variable)),
  );
  return isUsed && variable !== undefined
    ? constant(variable, made)
    : f.createExpressionStatement(made);
}

function constant(name: string, value: TS.Expression): TS.Statement {
  const f = ts.factory;
  const declaration = f.createVariableDeclaration(name, undefined, undefined, value);
  const list = f.createVariableDeclarationList([declaration], ts.NodeFlags.Const);
  return f.createVariableStatement(undefined, list);
}

/** A value, over several lines where it is too long for one; `used` is what the line has already. */
function literal(value: PlainValue, used: number): TS.Expression {
  const f = ts.factory;
  if (typeof value === 'string') return quoted(value);
  if (typeof value === 'number') {
    const positive = f.createNumericLiteral(Math.abs(value));
    return value < 0 ? f.createPrefixUnaryExpression(ts.SyntaxKind.MinusToken, positive) : positive;
  }
  if (typeof value === 'boolean') return value ? f.createTrue() : f.createFalse();
  const isLong = JSON.stringify(value).length * 1.15 + used > WIDTH - 20;
  if (Array.isArray(value)) {
    const items = (value as readonly PlainValue[]).map((item) => literal(item, used + 2));
    return f.createArrayLiteralExpression(items, isLong);
  }
  const members = Object.entries(value).map(([name, one]) => member(name, literal(one, used + 2)));
  return f.createObjectLiteralExpression(members, isLong);
}

function member(name: string, value: TS.Expression): TS.PropertyAssignment {
  // Written bare, this one would set the prototype.
  if (name === '__proto__') {
    return ts.factory.createPropertyAssignment(
      ts.factory.createComputedPropertyName(quoted(name)),
      value,
    );
  }
  return ts.factory.createPropertyAssignment(IDENTIFIER.test(name) ? name : quoted(name), value);
}

function quoted(text: string): TS.StringLiteral {
  return ts.factory.createStringLiteral(text, true);
}

/** A name of a file must not end its comment. */
function inLine(text: string): string {
  return text.replace(/[\r\n\u2028\u2029]/g, ' ');
}

function print(node: TS.Node): string {
  const printer = ts.createPrinter({ newLine: ts.NewLineKind.LineFeed });
  const file = ts.createSourceFile('', '', ts.ScriptTarget.ES2022, false, ts.ScriptKind.TS);
  const text = printer.printNode(ts.EmitHint.Unspecified, node, file);
  // The printer indents by four; a text of its own has no line breaks.
  return text.replace(/^( {4})+/gm, (indent) => indent.slice(indent.length / 2));
}
