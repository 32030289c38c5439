// Lays a graph out on a thread of its own: boxes and lines in, places out. The layout is dagre's.
import { Graph, layout } from "./vendor/dagre-3.1.3/dagre.esm.js";

onmessage = ({ data: { ask, boxes, lines } }) => {
  const graph = new Graph({ multigraph: false });
  graph.setGraph({ rankdir: "LR", nodesep: 22, ranksep: 112, marginx: 20, marginy: 30, ranker: "network-simplex" });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const [name, width, height] of boxes) graph.setNode(name, { width, height });
  for (const [from, to] of lines) graph.setEdge(from, to, {});
  layout(graph);
  const places = graph.nodes().map((name) => {
    const { x, y } = graph.node(name);
    return [name, Math.round(x), Math.round(y)];
  });
  const points = graph.edges().map((edge) => [edge.v, edge.w, graph.edge(edge).points.map(({ x, y }) => [Math.round(x), Math.round(y)])]);
  const { width, height } = graph.graph();
  postMessage({ ask, places, points, width, height });
};
