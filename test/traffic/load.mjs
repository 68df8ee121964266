// Constant traffic, and what became of it: part of the agent.
import { readFileSync } from 'node:fs';
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';

const loads = new Map();
let next = 0;

/** Milliseconds that a late answer is waited for at the end. */
const GRACE = 500;

function datagrams({ address, port, interval }) {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  const counts = { sent: 0, answered: 0 };
  socket.on('message', () => counts.answered++);
  socket.on('error', () => undefined);
  const timer = setInterval(() => {
    counts.sent++;
    socket.send('?', port, address);
  }, interval);
  return { counts, stop: () => clearInterval(timer), end: () => socket.close() };
}

/** One new connection after the other, each asked once. */
function connections({ address, port, interval }) {
  const counts = { sent: 0, answered: 0 };
  const timer = setInterval(() => {
    counts.sent++;
    const socket = connect({ host: address, port });
    socket.once('connect', () => socket.write('?\n'));
    socket.once('data', () => {
      counts.answered++;
      socket.destroy();
    });
    socket.on('error', () => undefined);
  }, interval);
  return { counts, stop: () => clearInterval(timer), end: () => undefined };
}

/** One connection for the whole time, asked again and again. */
function dialogue({ address, port, interval }) {
  const counts = { sent: 0, answered: 0 };
  const socket = connect({ host: address, port });
  socket.on('data', (data) => (counts.answered += String(data).split('\n').length - 1));
  socket.on('error', () => undefined);
  const timer = setInterval(() => {
    counts.sent++;
    socket.write('?\n');
  }, interval);
  return { counts, stop: () => clearInterval(timer), end: () => socket.destroy() };
}

const kinds = { datagrams, connections, dialogue };

export function startLoad({ kind, ...rest }) {
  loads.set(++next, kinds[kind](rest));
  return { id: next };
}

export async function stopLoad({ id }) {
  const { counts, stop, end } = loads.get(id);
  stop();
  await new Promise((done) => setTimeout(done, GRACE));
  end();
  return { ...counts };
}

/** Segments that TCP sent again in this namespace: a packet was lost, or late. */
export function retransmitted() {
  const [names, values] = readFileSync('/proc/net/snmp', 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('Tcp:'))
    .map((line) => line.split(' '));
  return { count: Number(values[names.indexOf('RetransSegs')]) };
}
