import { z } from 'zod';

/** Host and port to listen on, such as `127.0.0.1:9464`, `[::1]:9464` or `0.0.0.0:9464`. */
export const listenAddress = z.string().superRefine((text, context) => {
  const [, port] = /^(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+):(\d{1,5})$/.exec(text) ?? [];
  if (port !== undefined && Number(port) >= 1 && Number(port) <= 65_535) return;
  context.addIssue({ code: 'custom', message: 'not a host and a port to listen on, such as 127.0.0.1:9464' });
});
