import { graphOf } from '../report/graph.js';
import type { Matrix } from '../report/matrix.js';

/** The picture of a matrix as an SVG element without a prologue; of too many peers their number. */
export async function drawMatrix(matrix: Matrix): Promise<string | number> {
  const graph = graphOf(matrix);
  if (graph === undefined) return matrix.peers.length;
  const { instance } = await import('@viz-js/viz');
  const drawn = (await instance()).renderString(graph, { format: 'svg' });
  return drawn.slice(drawn.indexOf('<svg'));
}
