/** What a program imports as `plumbline`. */
export { Construct } from 'constructs';
export type {
  Entity,
  ICMPFieldSpec as ICMPField,
  Labels,
  PortSpec as Port,
  SelectorSpec as Selector,
} from '../src/model/program.js';
export type { HeaderMatchSpec as HeaderMatch, HTTPRuleSpec as HTTPRule } from '../src/model/l7.js';
export { App } from './app.js';
export { Cluster, type ClusterProps } from './cluster.js';
export { CIDRGroup, type CIDRGroupProps } from './cidr-group.js';
export {
  ClusterNetworkPolicy,
  type Action,
  type ClusterNetworkPolicyProps,
  type TierEgressRule,
  type TierIngressRule,
} from './cluster-network-policy.js';
export { Endpoint, type EndpointProps } from './endpoint.js';
export { Group, type GroupProps } from './group.js';
export {
  KubernetesNetworkPolicy,
  type KubernetesNetworkPolicyProps,
  type KubernetesPeer,
  type KubernetesPort,
} from './kubernetes-network-policy.js';
export { Lint } from './lint.js';
export { loadManifests } from './load-manifests.js';
export { Namespace, type NamespaceProps } from './namespace.js';
export { NetworkPolicy, type NetworkPolicyProps } from './network-policy.js';
export { Node, type NodeProps } from './node.js';
export { cidrs, entities, names, nodes, type BackEnds, type Names, type Outside } from './peers.js';
export {
  dns,
  http,
  icmp,
  icmpv6,
  sctp,
  sctpRange,
  tcp,
  tcpRange,
  tls,
  udp,
  udpRange,
} from './ports.js';
export { Service, type Backend, type ServicePort, type ServiceProps } from './service.js';
export type {
  DNSRules,
  FilteredPortRule,
  FQDNSelector,
  HTTPRules,
  ICMPRule,
  IngressPortRule,
  PlainPortRule,
  PluginRules,
  PortRule,
  TLSPortRule,
  TrafficProps,
} from './port-rule.js';
export type {
  CIDRRule,
  EgressDenyRule,
  EgressRule,
  IngressDenyRule,
  IngressRule,
  PlainEgressRule,
} from './rule.js';
export { Subject, type Destination, type Source, type Traffic } from './subject.js';
