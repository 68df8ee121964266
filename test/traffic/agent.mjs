// Runs inside a network namespace: serves and probes as its parent asks, over the IPC channel.
import { execFile } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { connect, createServer } from 'node:net';
import { lookAtLoad, retransmitted, startLoad, stopLoad } from './load.mjs';

const open = new Map();
/** Port -> how often somebody was heard on it. */
const heard = new Map();
let next = 0;

const plain = (address) => address.replace(/^::ffff:/, '');

/** Answers every line, or every datagram, with who asked and who answers. */
function serve({ protocol, port, name, address = '::' }) {
  const answer = (from, fromPort) => {
    heard.set(port, (heard.get(port) ?? 0) + 1);
    return `${name} ${plain(from)} ${fromPort}\n`;
  };
  return new Promise((done, fail) => {
    if (protocol === 'tcp') {
      const server = createServer((socket) => {
        socket.on('error', () => undefined);
        // Questions that come together are answered one by one.
        socket.on('data', (data) => {
          const questions = String(data).split('\n').length - 1;
          for (let i = 0; i < questions; i++)
            socket.write(answer(socket.remoteAddress, socket.remotePort));
        });
      });
      server.once('error', fail);
      server.listen(port, address, () => done(null));
      return;
    }
    const socket = createSocket({ type: 'udp6', ipv6Only: false });
    socket.on('message', (_, { address: from, port: at }) => {
      socket.send(answer(from, at), at, from);
    });
    socket.once('error', fail);
    socket.bind(port, address, () => done(null));
  });
}

/** One question; what came back, or undefined when nothing did in time. */
function tcp({ address, port, timeout, keep }) {
  return new Promise((done) => {
    const socket = connect({ host: address, port });
    const finish = (answer) => {
      clearTimeout(timer);
      if (keep && answer !== undefined) {
        open.set(++next, socket);
        done({ answer, id: next });
        return;
      }
      socket.destroy();
      done({ answer });
    };
    const timer = setTimeout(() => finish(undefined), timeout);
    socket.once('connect', () => socket.write('?\n'));
    socket.once('data', (data) => finish(String(data).trim()));
    socket.once('error', () => finish(undefined));
  });
}

/** Another question on a connection that was kept. */
function again({ id, timeout }) {
  const socket = open.get(id);
  return new Promise((done) => {
    const timer = setTimeout(() => done({ answer: undefined }), timeout);
    socket.once('data', (data) => {
      clearTimeout(timer);
      done({ answer: String(data).trim() });
    });
    socket.write('?\n');
  });
}

function udp({ address, port, timeout, bytes = 1 }) {
  return new Promise((done) => {
    const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
    const finish = (answer) => {
      clearTimeout(timer);
      socket.close();
      done({ answer });
    };
    const timer = setTimeout(() => finish(undefined), timeout);
    socket.once('message', (data) => finish(String(data).trim()));
    // Connected, so that an ICMP error is heard.
    socket.once('error', () => finish('refused'));
    socket.connect(port, address, () => socket.send(Buffer.alloc(bytes, 63)));
  });
}

function ping({ address, timeout, bytes = 56 }) {
  const wait = String(timeout / 1000);
  const args = ['-n', '-c', '1', '-W', wait, '-s', String(bytes), address];
  return new Promise((done) => {
    execFile('ping', args, (error) => done({ answer: error ? undefined : 'pong' }));
  });
}

const heardOn = ({ port }) => ({ count: heard.get(port) ?? 0 });

const commands = {
  ...{ serve, tcp, udp, ping, again },
  ...{ startLoad, lookAtLoad, stopLoad, retransmitted, heard: heardOn },
};

process.on('message', async ({ call, command, ...rest }) => {
  try {
    process.send({ call, result: await commands[command](rest) });
  } catch (error) {
    process.send({ call, error: error.message });
  }
});
process.on('disconnect', () => process.exit(0));
process.send({ call: 0, result: null });
