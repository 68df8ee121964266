import { connect } from 'node:net';

/** Whether a HAProxy answers at the path of its own socket: it accepts connections by then. */
export function isReady(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => {
      resolve(false);
    });
  });
}
