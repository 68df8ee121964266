// The one door to native code.
import {
  attachTcx,
  BpfLink,
  BpfMap,
  BpfProgram,
  isBpffs,
  loadObject,
  mountBpffs,
  RingBuffer,
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
} from 'iproute2-netlink';

export {
  attachTcx,
  BpfLink,
  BpfMap,
  BpfProgram,
  isBpffs,
  loadObject,
  mountBpffs,
  RingBuffer,
  unpin,
};
export { Netlink, netnsCreate, netnsDelete, netnsId, netnsList, netnsRead, nft };
export { DatagramSocket, transparentConnect, transparentSocket };
export type { BpfObject, MapInfo };
export type { DatagramHandlers, DatagramPath };
export type { Address, Filter, Link, Neighbor, Operation, Qdisc, Route, RouteOperation, Rule };
