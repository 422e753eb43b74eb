/** Flags decide how a video is processed: by which model, and whether the GPU is used well. */

import type { Flagsmith } from "flagsmith-nodejs";
import { GPU_OPTIMIZATION_ENABLED, ML_MODEL_V2_ENABLED } from "./flags.js";
import { MATCHES, Performance } from "./models.js";

export type Traits = Record<string, string | number | boolean>;
export type Model = "v1" | "v2";

/** A video to process, for a user. It shows one of the matches, counted from 0. */
export interface Video {
  readonly match: number;
  readonly user: string;
  readonly traits: Traits;
}

export interface Config {
  readonly segmentSeconds: number;
  readonly gpuOptimization: boolean;
}

export interface Processed {
  readonly model: Model;
  readonly config: Config;
  readonly goals: number;
}

export const VIDEOS: number = MATCHES.length;
const BASE: Omit<Config, "gpuOptimization"> = { segmentSeconds: 10 };

/** Processes videos, and keeps how well each model does. */
export class Pipeline {
  readonly #performance = new Performance();

  constructor(private readonly flagsmith: Flagsmith) {}

  /** Both flags are of one evaluation, so that they are of one moment. */
  async process({ match, user, traits }: Video): Promise<Processed> {
    const flags = await this.flagsmith.getIdentityFlags(user, traits);
    const model: Model = ML_MODEL_V2_ENABLED.isEnabled(flags) ? "v2" : "v1";
    const config: Config = { ...BASE, gpuOptimization: GPU_OPTIMIZATION_ENABLED.isEnabled(flags) };
    return { model, config, goals: this.#performance.predict(model, MATCHES[match]) };
  }

  /** What came of it, by model: Flagsmith knows who got which, not how it went. */
  byModel(): Record<string, unknown> {
    return this.#performance.byVariant();
  }
}
