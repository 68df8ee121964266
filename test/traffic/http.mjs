// Serves and asks by HTTP inside a namespace: commands come by IPC, as http-agent.ts sends them.
import http from 'node:http';
import { once } from 'node:events';

const seen = [];
const held = new Map();

const server = (request, response) => {
  seen.push({
    method: request.method,
    url: request.url,
    client: plain(request.socket.remoteAddress),
  });
  const [, kind, size] = /^\/(bytes|wait)\/(\d+)/.exec(request.url) ?? [];
  let length = 0;
  request.on('data', (chunk) => (length += chunk.length));
  request.on('end', () => {
    if (kind === 'bytes') {
      pour(response, Number(size));
    } else if (kind === 'wait') {
      setTimeout(() => response.end('late\n'), Number(size));
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

/** What an IPv4 address is in a socket of both families. */
function plain(address = '') {
  return address.replace(/^::ffff:/, '');
}

async function ask({ url, method = 'GET', send = 0, headers = {}, agent, timeout = 5000 }) {
  const request = http.request(url, { method, headers, agent, timeout });
  request.on('timeout', () => request.destroy(new Error('timeout')));
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

async function load({ url, method, count, concurrency, keepAlive = false }) {
  const agent = new http.Agent({ keepAlive, maxSockets: concurrency });
  const outcomes = {};
  let next = 0;
  const worker = async () => {
    while (next++ < count) {
      const { status, error } = await answered({ url, method, agent, timeout: 20_000 });
      const key = String(status ?? error);
      outcomes[key] = (outcomes[key] ?? 0) + 1;
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

const commands = {
  async serve({ port }) {
    const listening = http.createServer({ keepAliveTimeout: 60_000 }, server).listen(port, '::');
    await once(listening, 'listening');
  },
  seen: () => seen.splice(0),
  ask: answered,
  load,
  hold,
};

process.on('message', async ({ call, command, options }) => {
  try {
    process.send({ call, result: (await commands[command](options)) ?? null });
  } catch (error) {
    process.send({ call, error: String(error.stack ?? error) });
  }
});
process.send({ call: 0, result: null });
