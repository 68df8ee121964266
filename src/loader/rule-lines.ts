import type TS from 'typescript';
import { relative } from 'node:path';
import { placeKey, type PolicyLines, type RuleLines } from './compile-protocol.js';
import type { Position } from './positions.js';
import { ts } from './typescript.js';

const LISTS: ReadonlySet<string> = new Set(['ingress', 'ingressDeny', 'egress', 'egressDeny']);

/** Their lists become lists of as many rules. */
const POLICIES: ReadonlySet<string> = new Set([
  'NetworkPolicy',
  'ClusterNetworkPolicy',
  'KubernetesNetworkPolicy',
]);

/**
 * Finds every `new NetworkPolicy(scope, id, { ingress: [...] })` in the program's text.
 * @param directory of the program, which file names are relative to
 */
export function ruleLines(program: TS.Program, directory: string): RuleLines {
  const found: Record<string, PolicyLines> = {};
  for (const source of program.getSourceFiles()) {
    if (source.isDeclarationFile || !source.text.includes('NetworkPolicy')) continue;
    const file = relative(directory, source.fileName);
    const place = (node: TS.Node): Position => {
      const { line, character } = source.getLineAndCharacterOfPosition(node.getStart(source));
      return { file, line: line + 1, column: character + 1 };
    };
    const visit = (node: TS.Node): void => {
      if (ts.isNewExpression(node) && isPolicy(node.expression)) {
        found[placeKey(place(node))] = linesOf(node, place);
      }
      ts.forEachChild(node, visit);
    };
    visit(source);
  }
  return found;
}

/** `NetworkPolicy` or `plumbline.NetworkPolicy`; a subclass may do anything with what it is given. */
function isPolicy(expression: TS.Expression): boolean {
  const name = ts.isPropertyAccessExpression(expression) ? expression.name : expression;
  return ts.isIdentifier(name) && POLICIES.has(name.text);
}

function linesOf(node: TS.NewExpression, place: (node: TS.Node) => Position): PolicyLines {
  const props = node.arguments?.[2];
  const lines: Record<string, readonly Position[]> = {};
  if (props === undefined || !ts.isObjectLiteralExpression(props)) return lines;
  for (const property of props.properties) {
    if (!ts.isPropertyAssignment(property) || !ts.isArrayLiteralExpression(property.initializer)) {
      continue;
    }
    const name = ts.isComputedPropertyName(property.name) ? '' : property.name.text;
    const { elements } = property.initializer;
    // A spread may stand for any number of rules.
    if (LISTS.has(name) && !elements.some((element) => ts.isSpreadElement(element))) {
      lines[name] = elements.map(place);
    }
  }
  return lines;
}
