// Constant traffic, and what became of it: part of the agent.
import { readFileSync } from 'node:fs';
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const loads = new Map();
let next = 0;

/** Milliseconds that a late answer is waited for at the end. */
const GRACE = 500;
/** Milliseconds after which a connection is given up, so that a long run does not gather them. */
const NEVER = 10_000;

function datagrams({ address, port }, counts) {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  socket.on('message', () => counts.answered++);
  socket.on('error', () => undefined);
  return { ask: () => socket.send('?', port, address), end: () => socket.close() };
}

/** One new connection after the other, each asked once. */
function connections({ address, port }, counts) {
  const ask = () => {
    const socket = connect({ host: address, port });
    socket.setTimeout(NEVER, () => socket.destroy());
    socket.once('connect', () => socket.write('?\n'));
    socket.once('data', () => {
      counts.answered++;
      socket.destroy();
    });
    socket.on('error', () => undefined);
  };
  return { ask, end: () => undefined };
}

/** One connection for the whole time, asked again and again. */
function dialogue({ address, port }, counts) {
  const socket = connect({ host: address, port });
  socket.on('data', (data) => (counts.answered += String(data).split('\n').length - 1));
  socket.on('error', () => undefined);
  return { ask: () => socket.write('?\n'), end: () => socket.destroy() };
}

const kinds = { datagrams, connections, dialogue };

export function startLoad({ kind, interval, ...rest }) {
  const counts = { sent: 0, answered: 0 };
  const { ask, end } = kinds[kind](rest, counts);
  const resume = () =>
    setInterval(() => {
      counts.sent++;
      ask();
    }, interval);
  loads.set(++next, { counts, resume, timer: resume(), end });
  return { id: next };
}

/** So far, while it goes on. With `patience`: pauses until all is answered, or so many milliseconds. */
export async function lookAtLoad({ id, patience = 0 }) {
  const load = loads.get(id);
  const { counts } = load;
  if (patience > 0) {
    clearInterval(load.timer);
    const end = Date.now() + patience;
    while (counts.answered < counts.sent && Date.now() < end) await sleep(2);
  }
  const seen = { ...counts };
  if (patience > 0) load.timer = load.resume();
  return seen;
}

export async function stopLoad({ id }) {
  const { counts, timer, end } = loads.get(id);
  clearInterval(timer);
  await sleep(GRACE);
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
