/** A service over HTTP: POST /videos processes one, GET /models says how the models do. */

import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { client } from "./flagsmith.js";
import { Pipeline, type Traits, type Video, VIDEOS } from "./pipeline.js";
import { SettingsError } from "./settings.js";

const LOOPBACK = "127.0.0.1";
const PORT = 8080;
const MOST_BYTES = 64 * 1024;
const WRONG_USAGE = 2;

/** What is wrong with a request. */
class RequestError extends Error {
  constructor(
    message: string,
    readonly status = 400,
  ) {
    super(message);
  }
}

async function body(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > MOST_BYTES) {
      throw new RequestError(`The body has more than ${MOST_BYTES} bytes.`, 413);
    }
    parts.push(part);
  }
  try {
    return JSON.parse(Buffer.concat(parts).toString("utf8"));
  } catch {
    throw new RequestError("The body is no JSON.");
  }
}

function isTraits(value: unknown): value is Traits {
  const kinds = ["string", "number", "boolean"];
  return typeof value === "object" && value !== null && Object.values(value).every((one) => kinds.includes(typeof one));
}

function videoOf(given: unknown): Video {
  const { match, user, traits = {} } = (given ?? {}) as Record<string, unknown>;
  if (typeof match !== "number" || !Number.isInteger(match) || match < 0 || match >= VIDEOS) {
    throw new RequestError(`match must be a whole number from 0 to ${VIDEOS - 1}.`);
  }
  if (typeof user !== "string" || user === "") {
    throw new RequestError("user must be a name.");
  }
  if (!isTraits(traits)) {
    throw new RequestError("traits must be an object of texts, numbers, true and false.");
  }
  return { match, user, traits };
}

async function answer(pipeline: Pipeline, request: IncomingMessage): Promise<unknown> {
  const asked = `${request.method} ${request.url}`;
  if (asked === "POST /videos") {
    return pipeline.process(videoOf(await body(request)));
  }
  if (asked === "GET /models") {
    return pipeline.byModel();
  }
  throw new RequestError(`There is no ${asked} here; there are POST /videos and GET /models.`, 404);
}

function main(): void {
  const flagsmith = client(process.env, (problem) => console.error(`${problem}. The defaults are used.`));
  const pipeline = new Pipeline(flagsmith);
  const server = createServer(async (request, response) => {
    let status = 200;
    let content: unknown;
    try {
      content = await answer(pipeline, request);
    } catch (error) {
      status = error instanceof RequestError ? error.status : 500;
      content = { detail: error instanceof RequestError ? error.message : "The service has failed." };
      if (status === 500) {
        console.error(error);
      }
    }
    response.writeHead(status, { "Content-Type": "application/json" });
    response.end(`${JSON.stringify(content)}\n`);
  });
  server.listen(Number(process.env["PORT"] ?? PORT), LOOPBACK, () => {
    console.log(`http://${LOOPBACK}:${(server.address() as AddressInfo).port}/`);
  });
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      server.close();
      server.closeIdleConnections();
      void flagsmith.close();
    });
  }
}

try {
  main();
} catch (error) {
  if (!(error instanceof SettingsError)) {
    throw error;
  }
  console.error(error.message);
  process.exitCode = WRONG_USAGE;
}
