// Constant traffic, and what became of it: part of the agent.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const loads = new Map();
let next = 0;

/** Milliseconds that late answers are waited for at the end, and between two looks. */
const [GRACE, PAUSE] = [1500, 20];
/** Milliseconds after which a connection is given up. */
const PATIENCE = 5000;

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
    // Those that nobody answers must not become more than there are ports.
    const given = setTimeout(() => socket.destroy(), PATIENCE);
    socket.once('connect', () => socket.write('?\n'));
    socket.once('data', () => {
      counts.answered++;
      clearTimeout(given);
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

/** One echo request after the other, by ping. */
function echoes({ address, interval }, counts) {
  const ping = spawn('ping', ['-n', '-i', String(interval / 1000), address]);
  let said = '';
  ping.stdout.on('data', (data) => (said += data));
  const stop = async () => {
    ping.kill('SIGINT');
    await once(ping, 'close');
    const answered = new Set([...said.matchAll(/icmp_seq=(\d+) ttl/g)].map(([, n]) => n));
    counts.sent = Number(/^(\d+) packets transmitted/m.exec(said)?.[1]);
    counts.answered = answered.size;
    // It stops at once, be the last one answered already or not.
    if (!answered.has(String(counts.sent))) counts.sent--;
  };
  return { stop, end: () => undefined };
}

const kinds = { datagrams, connections, dialogue, echoes };

export function startLoad({ kind, interval, ...rest }) {
  const counts = { sent: 0, answered: 0 };
  const { ask, stop, end } = kinds[kind]({ ...rest, interval }, counts);
  const load = { counts, end };
  load.resume = () => {
    load.timer = setInterval(() => {
      counts.sent++;
      ask();
    }, interval);
  };
  load.stop = stop ?? (() => clearInterval(load.timer));
  if (ask !== undefined) load.resume();
  loads.set(++next, load);
  return { id: next };
}

/** So far, while it goes on. With `patience`: pauses until all is answered, or so many milliseconds. */
export async function lookAtLoad({ id, patience = 0 }) {
  const load = loads.get(id);
  const { counts } = load;
  if (patience > 0) {
    await load.stop();
    const end = Date.now() + patience;
    while (counts.answered < counts.sent && Date.now() < end) await sleep(2);
  }
  const seen = { ...counts };
  if (patience > 0) load.resume();
  return seen;
}

export async function stopLoad({ id }) {
  const { counts, stop, end } = loads.get(id);
  await stop();
  const until = Date.now() + GRACE;
  while (counts.answered < counts.sent && Date.now() < until) await sleep(PAUSE);
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
