// A server of RESP and a client of it, for tests:
//   redis.mjs serve PORT          GET answers with the key, everything else with OK; each line: who asked what
//   redis.mjs ask HOST PORT TEXT  sends TEXT (JSON), and prints what came back within half a second
import { once } from 'node:events';
import net from 'node:net';
import Parser from 'redis-parser';

const [, , what, ...args] = process.argv;

if (what === 'serve') {
  const server = net.createServer((socket) => {
    const client = socket.remoteAddress?.replace(/^::ffff:/, '');
    const parser = new Parser({
      returnReply: (command) => {
        process.stdout.write(`${client} ${command.join(' ')}\n`);
        const [name, key = ''] = command;
        socket.write(name === 'GET' ? `$${key.length}\r\n${key}\r\n` : '+OK\r\n');
      },
      returnError: () => socket.destroy(),
      returnFatalError: () => socket.destroy(),
    });
    socket.on('data', (data) => parser.execute(data));
    socket.on('error', () => undefined);
  });
  server.listen(Number(args[0]), '::');
  await once(server, 'listening');
  process.stdout.write('up\n');
} else {
  const [host, port, text] = args;
  const socket = net.connect(Number(port), host);
  socket.on('error', (error) => process.stdout.write(error.code));
  socket.on('data', (data) => process.stdout.write(data));
  socket.write(JSON.parse(text));
  setTimeout(() => socket.destroy(), 500);
}
