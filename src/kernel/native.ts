// The one door to native code.
import {
  attachCgroup,
  attachSkLookup,
  attachTcx,
  BpfLink,
  BpfMap,
  BpfProgram,
  isBpffs,
  loadObject,
  mountBpffs,
  RingBuffer,
  tcxPrograms,
  unpin,
} from 'libbpf-napi';
import type { BpfObject, MapInfo } from 'libbpf-napi';
import {
  DatagramSocket,
  Netlink,
  netnsCreate,
  netnsDelete,
  netnsId,
  netnsList,
  netnsRead,
  netnsSweep,
  netnsWrite,
  nft,
  transparentConnect,
  transparentSocket,
} from 'iproute2-netlink';
import type {
  Address,
  DatagramHandlers,
  DatagramPath,
  Filter,
  Link,
  Neighbor,
  Operation,
  Qdisc,
  Route,
  RouteOperation,
  Rule,
  RuleOperation,
} from 'iproute2-netlink';

export {
  attachCgroup,
  attachSkLookup,
  attachTcx,
  BpfLink,
  BpfMap,
  BpfProgram,
  isBpffs,
  loadObject,
  mountBpffs,
  RingBuffer,
  tcxPrograms,
  unpin,
};
export { Netlink, netnsCreate, netnsDelete, netnsId, netnsList, netnsRead, netnsSweep };
export { netnsWrite, nft };
export { DatagramSocket, transparentConnect, transparentSocket };
export type { BpfObject, MapInfo };
export type { DatagramHandlers, DatagramPath };
export type {
  Address,
  Filter,
  Link,
  Neighbor,
  Operation,
  Qdisc,
  Route,
  RouteOperation,
  Rule,
  RuleOperation,
};
