import type { Instance } from './instance.js';
import { Namespaces } from './namespaces.js';

/** Names of the devices in a node's namespace. */
export interface DeviceNames {
  /** Undefined for one that is not known (yet): then all are read again for the next time. */
  nameOf(ifindex: number): string | undefined;
  close(): void;
}

export async function openDeviceNames(instance: Instance): Promise<DeviceNames> {
  const namespaces = new Namespaces(instance);
  let names = new Map<number, string>();
  let reading: Promise<void> | undefined;
  const read = async (): Promise<void> => {
    const links = await (await namespaces.in()).links();
    names = new Map(links.map(({ ifindex, name }) => [ifindex, name]));
  };
  const readAgain = (): void => {
    reading ??= read()
      // A number says enough where names cannot be had.
      .catch(() => undefined)
      .finally(() => (reading = undefined));
  };
  await read();
  return {
    nameOf: (ifindex) => {
      const name = names.get(ifindex);
      if (name === undefined) readAgain();
      return name;
    },
    close: () => {
      void namespaces.close();
    },
  };
}
