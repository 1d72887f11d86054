/** The batch job that this desk has asked for or reviews: asked, followed until it has ended, cancelled, asked again. */

import type { Api } from "../core/api.ts";
import { isUnfinished, jobText, requestOf } from "../core/jobs.ts";
import type { JobRequest } from "../core/wire.ts";
import type { Desk } from "./desk.svelte.ts";

const LOOK_AGAIN = 700;

export class Jobs {
  readonly #api: Api;
  readonly #desk: Desk;
  readonly #attend: (work: () => Promise<unknown>) => Promise<void>;

  constructor(api: Api, desk: Desk, attend: (work: () => Promise<unknown>) => Promise<void>) {
    this.#api = api;
    this.#desk = desk;
    this.#attend = attend;
  }

  /** Ask for what the open form says; a refusal leaves it open. */
  async ask(): Promise<void> {
    const { order, frame, standing } = this.#desk;
    const request = order && requestOf(order, frame, standing.version);
    if (request) await this.#start(request);
    else this.#desk.trouble = "The clocks skip that time on this day. Choose another.";
  }

  /** Have the same solved from the schedule of now. */
  async again(): Promise<void> {
    const request = this.#desk.job?.again;
    if (request) await this.#start({ ...request, expectedVersion: this.#desk.standing.version });
  }

  /** Look at a job, and go on until it has ended or is put away. */
  async follow(id: string): Promise<void> {
    await this.#attend(async () => {
      this.#desk.job = await this.#api.job(id);
      while (this.#desk.job?.jobId === id && isUnfinished(this.#desk.job)) {
        await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN));
        const found = await this.#api.job(id);
        if (this.#desk.job?.jobId === id) this.#desk.job = found;
      }
    });
    if (this.#desk.job?.jobId === id) this.#desk.say(jobText(this.#desk.job));
  }

  /** End a job that runs, or decline what it proposes; what it has found so far stays with it. */
  async cancel(): Promise<void> {
    const { job } = this.#desk;
    if (!job) return;
    const declined = !isUnfinished(job);
    await this.#attend(async () => {
      const ended = await this.#api.cancelJob(job.jobId);
      this.#desk.job = declined ? null : ended;
    });
  }

  putAway(): void {
    this.#desk.job = null;
  }

  /** Somebody has saved: the job itself, which is over then, or something else, which may make it stale. */
  async saved(attempt: string | null): Promise<void> {
    const { job } = this.#desk;
    if (!job || isUnfinished(job)) return;
    if (attempt === job.jobId) this.putAway();
    else await this.follow(job.jobId);
  }

  async #start(request: JobRequest): Promise<void> {
    const desk = this.#desk;
    desk.trouble = null;
    await this.#attend(async () => {
      desk.job = await this.#api.startJob(request);
      desk.order = null;
      desk.forgetAnswer();
      desk.select(null);
      desk.choice.clear();
      void this.follow(desk.job.jobId);
    });
  }
}
