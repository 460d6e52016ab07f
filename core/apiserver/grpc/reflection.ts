import type { Server } from '@grpc/grpc-js';
import { fromJSON, type Options } from '@grpc/proto-loader';
import { ReflectionService } from '@grpc/reflection';
import definition from '../../api/generated/wheelhouse.json' with { type: 'json' };

/** Lets general tools, such as grpcurl, find out what is served. */
export function addReflection(server: Server): void {
  const services = ['Objects', 'Discovery', 'Containers', 'Agents'].map((name) => `wheelhouse.v1.${name}`);
  // The compiler reads every message of the file as a shape of its own, which the declared type cannot hold.
  const json = definition as unknown as Parameters<typeof fromJSON>[0];
  const options: Options = { keepCase: true };
  new ReflectionService(fromJSON(json, options), { services }).addToServer(server);
}
