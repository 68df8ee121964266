import { connect } from 'node:net';

/**
 * Status of the answer to a request of HTTP/1.1 that is sent as it is, each character a byte; 0 where the
 * connection ends without one.
 */
export function askRaw(port: number, request: string): Promise<number> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true });
    let text = '';
    socket.on('data', (data: Buffer) => {
      text += data.toString('latin1');
      const [, status] = /^HTTP\/1\.1 (\d{3}) .*\r\n/.exec(text) ?? [];
      if (status === undefined) return;
      socket.destroy();
      resolve(Number(status));
    });
    for (const event of ['end', 'error'] as const) socket.on(event, () => resolve(0));
    socket.write(request, 'latin1');
  });
}
