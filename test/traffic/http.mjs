// Serves and asks by HTTP inside a namespace: commands come by IPC, as http-agent.ts sends them.
import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import http from 'node:http';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import packet from 'dns-packet';
import { breakSilence, connectSilently, linger } from './linger.mjs';
import { acceptUpgrade, askHttp2, askTls, serveHttp2, serveTls, upgrade } from './protocols.mjs';

const seen = [];
const held = new Map();

const note = ({ method, url, socket }) => {
  seen.push({ method, url, client: plain(socket.remoteAddress) });
};

const server = (request, response) => {
  note(request);
  const [, kind, size] = /^\/(bytes|drip|wait|headers)\/(.+)/.exec(request.url) ?? [];
  let length = 0;
  request.on('data', (chunk) => (length += chunk.length));
  request.on('end', () => {
    if (kind === 'bytes') {
      pour(response, Number(size));
    } else if (kind === 'drip') {
      void drip(response, Number(size));
    } else if (kind === 'wait') {
      setTimeout(() => response.end('late\n'), Number(size));
    } else if (kind === 'headers') {
      const asked = size.split(',').map((name) => [name, request.headersDistinct[name] ?? []]);
      response.end(JSON.stringify(Object.fromEntries(asked)));
    } else {
      response.end(`${plain(request.socket.remoteAddress)} sent ${length}\n`);
    }
  });
};

function pour(stream, left) {
  const chunk = Buffer.alloc(64 << 10, 'x');
  const next = () => {
    while (left > 0) {
      const part = left < chunk.length ? chunk.subarray(0, left) : chunk;
      left -= part.length;
      if (!stream.write(part)) {
        stream.once('drain', next);
        return;
      }
    }
    stream.end();
  };
  next();
}

async function drip(stream, milliseconds) {
  for (let over = 0; over < milliseconds && !stream.destroyed; over += 50) {
    stream.write('drop\n');
    await sleep(50);
  }
  stream.end();
}

/** What an IPv4 address is in a socket of both families. */
function plain(address = '') {
  return address.replace(/^::ffff:/, '');
}

/** By a connection of its own, unless `agent` has one. */
async function ask({ url, method = 'GET', send = 0, agent = false, timeout = 5000, ...rest }) {
  const request = http.request(url, { method, agent, timeout, ...rest });
  request.on('timeout', () => request.destroy(new Error('timeout')));
  // After the response its body tells.
  request.on('error', () => undefined);
  if (send > 0) request.setHeader('content-length', send);
  if (send > 0) pour(request, send);
  else request.end();
  const [response] = await once(request, 'response');
  let length = 0;
  let text = '';
  for await (const chunk of response) {
    length += chunk.length;
    if (text.length < 200) text += chunk.toString('utf8').slice(0, 200);
  }
  return { status: response.statusCode, length, text };
}

const answered = async (options) => {
  try {
    return await ask(options);
  } catch (error) {
    return { error: error.code ?? error.message };
  }
};

let isOver = false;

/** Without a count until it is stopped, with pauses, so that others get a turn. */
async function load({ url, method, count, concurrency, keepAlive = false }) {
  const agent = new http.Agent({ keepAlive, maxSockets: concurrency });
  const outcomes = {};
  let next = 0;
  isOver = false;
  const worker = async () => {
    while (count === undefined ? !isOver : next++ < count) {
      const { status, error } = await answered({ url, method, agent, timeout: 20_000 });
      const key = String(status ?? error);
      outcomes[key] = (outcomes[key] ?? 0) + 1;
      if (count === undefined) await sleep(20);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  agent.destroy();
  return outcomes;
}

/** One connection, to be asked again by its name. */
async function hold({ name, ...options }) {
  const agent = held.get(name) ?? new http.Agent({ keepAlive: true, maxSockets: 1 });
  held.set(name, agent);
  return await answered({ ...options, agent });
}

/** A name server on UDP port 53, of IPv4 and IPv6, that knows a zone: name to addresses. */
async function serveNames({ zone, ttl = 60 }) {
  for (const type of ['udp4', 'udp6']) {
    const socket = createSocket({ type, ipv6Only: type === 'udp6' });
    socket.on('message', (message, { address, port }) => {
      const query = packet.decode(message);
      const [question] = query.questions;
      seen.push({ method: 'DNS', url: `${question.name} ${question.type}`, client: address });
      const family = question.type === 'A' ? /^[^:]+$/ : /:/;
      const answers = (zone[question.name] ?? [])
        .filter((data) => family.test(data))
        .map((data) => ({ name: question.name, type: question.type, class: 'IN', ttl, data }));
      const flags = packet.AUTHORITATIVE_ANSWER | (question.name in zone ? 0 : 3);
      const { id, questions } = query;
      socket.send(
        packet.encode({ type: 'response', id, flags, questions, answers }),
        port,
        address,
      );
    });
    socket.bind(53);
    await once(socket, 'listening');
  }
}

/** Addresses of a name by one server; both queries are on their way at once, from one port. */
async function lookup({ name, server }) {
  const resolver = new Resolver({ timeout: 2000, tries: 1 });
  resolver.setServers([server]);
  const asked = [resolver.resolve4(name), resolver.resolve6(name)];
  const found = await Promise.allSettled(asked);
  return found.map(({ value, reason }) => value ?? reason.code);
}

const commands = {
  serveNames,
  lookup,
  async serve({ port }) {
    const listening = http.createServer({ keepAliveTimeout: 60_000 }, server).listen(port, '::');
    listening.on('upgrade', (request, socket) => {
      note(request);
      acceptUpgrade(request, socket);
    });
    await once(listening, 'listening');
  },
  serveHttp2: (options) => serveHttp2(options, seen),
  serveTls: (options) => serveTls(options, seen),
  askHttp2,
  askTls,
  upgrade,
  seen: () => seen.splice(0),
  ask: answered,
  load,
  stop: () => (isOver = true),
  hold,
  linger,
  connectSilently,
  breakSilence,
};

process.on('message', async ({ call, command, options }) => {
  try {
    process.send({ call, result: (await commands[command](options)) ?? null });
  } catch (error) {
    process.send({ call, error: String(error.stack ?? error) });
  }
});
process.send({ call: 0, result: null });
