/** The only module that fetches. */

import type {
  AnswerWire,
  Boot,
  ChecksWire,
  CostsRequest,
  Direction,
  EditWire,
  EventWire,
  JobRequest,
  JobWire,
  LedgerConflictWire,
  ProblemWire,
  ReverseRequest,
  ReviewRequest,
  ReviewWire,
  SaveRequest,
  SaveWire,
  ScheduleWire,
  StretchWire,
  UndoableWire,
} from "./wire.ts";

/** A refusal, or no answer at all (status 0); the message is for the person. */
export class ApiError extends Error {
  readonly status: number;
  readonly problem: ProblemWire | null;

  constructor(status: number, message: string, problem: ProblemWire | null = null) {
    super(message);
    this.status = status;
    this.problem = problem;
  }
}

export class Api {
  readonly #root: string;
  readonly #base: string;

  constructor(boot: Pick<Boot, "api" | "scheduleId">) {
    this.#root = boot.api;
    this.#base = `${boot.api}/schedules/${encodeURIComponent(boot.scheduleId)}`;
  }

  schedule(): Promise<ScheduleWire> {
    return this.#ask("GET", "");
  }

  /** What attendees see, and when that was so: a copy that was kept on the device is as old as its date says. */
  async published(): Promise<{ schedule: ScheduleWire; at: number }> {
    const { status, body, date } = await this.#call("GET", "/published");
    if (status >= 400) refused(status, body);
    return { schedule: body as ScheduleWire, at: date };
  }

  events(after: number): Promise<{ items: EventWire[]; next: string | null }> {
    return this.#ask("GET", `/events?after=${after}`);
  }

  checks(edits: EditWire[], signal?: AbortSignal): Promise<ChecksWire> {
    return this.#ask("POST", "/checks", { edits }, signal);
  }

  repairs(edits: EditWire[], expectedVersion: number, signal?: AbortSignal): Promise<AnswerWire> {
    return this.#ask("POST", "/repairs", { edits, expectedVersion, alternatives: 3, timeLimit: 10 }, signal);
  }

  /** The cost map, a few stretches at a time as they become known. */
  async costs(request: CostsRequest, onSome: (stretches: StretchWire[]) => void, signal: AbortSignal): Promise<void> {
    const response = await fetch(`${this.#base}/cost-map`, {
      method: "POST",
      credentials: "same-origin",
      headers: { Accept: "application/x-ndjson", "Content-Type": "application/json" },
      body: JSON.stringify(request),
      signal,
    });
    if (!response.ok || !response.body) throw new ApiError(response.status, `The server answered ${response.status}.`);
    for await (const lines of linesOf(response.body)) {
      const told = lines.map((line) => JSON.parse(line) as StretchWire & { kind: string });
      onSome(told.filter(({ kind }) => kind === "stretch"));
    }
  }

  review(request: ReviewRequest, signal?: AbortSignal): Promise<ReviewWire> {
    return this.#ask("POST", "/repairs/validate", request, signal);
  }

  /** Every outcome of a save is an answer: stale and blocked ones too. */
  async save(request: SaveRequest): Promise<SaveWire> {
    const { status, body } = await this.#call("POST", "/saves", request);
    if (body !== null && typeof body === "object" && "result" in body) return body as SaveWire;
    return refused(status, body);
  }

  /** The conflicts that stand, with who accepted them. */
  conflicts(): Promise<{ items: LedgerConflictWire[] }> {
    return this.#ask("GET", "/conflicts?status=unresolved&limit=500");
  }

  undoable(): Promise<UndoableWire> {
    return this.#ask("GET", "/undo");
  }

  reverse(direction: Direction, request: ReverseRequest): Promise<unknown> {
    return this.#ask("POST", `/${direction}`, request);
  }

  publish(expectedVersion: number): Promise<unknown> {
    return this.#ask("POST", "/publish", { expectedVersion });
  }

  startJob(request: JobRequest): Promise<JobWire> {
    return this.#ask("POST", "/jobs", request);
  }

  job(id: string): Promise<JobWire> {
    return this.#ask("GET", `/jobs/${encodeURIComponent(id)}`, undefined, undefined, this.#root);
  }

  cancelJob(id: string): Promise<JobWire> {
    return this.#ask("DELETE", `/jobs/${encodeURIComponent(id)}`, undefined, undefined, this.#root);
  }

  async #ask<T>(method: string, path: string, body?: unknown, signal?: AbortSignal, base = this.#base): Promise<T> {
    const answer = await this.#call(method, path, body, signal, base);
    if (answer.status >= 400) refused(answer.status, answer.body);
    return answer.body as T;
  }

  async #call(
    method: string,
    path: string,
    body?: unknown,
    signal?: AbortSignal,
    base = this.#base,
  ): Promise<Reply> {
    const init: RequestInit = { method, credentials: "same-origin", headers: { Accept: "application/json" } };
    if (signal) init.signal = signal;
    if (body !== undefined) {
      init.body = JSON.stringify(body);
      init.headers = { ...init.headers, "Content-Type": "application/json" };
    }
    const response = await fetch(base + path, init).catch((error: unknown) => {
      if (error instanceof DOMException && error.name === "AbortError") throw error;
      throw new ApiError(0, "The server cannot be reached. Your edit is kept; try again in a moment.");
    });
    const date = Date.parse(response.headers.get("Date") ?? "") || Date.now();
    return { status: response.status, body: await response.json().catch(() => null), date };
  }
}

/** The lines of a stream of text, as many at a time as have come whole. */
async function* linesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string[]> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  for (let rest = ""; ; ) {
    const { done, value } = await reader.read();
    const lines = (rest + decoder.decode(value, { stream: !done })).split("\n");
    rest = done ? "" : (lines.pop() ?? "");
    yield lines.filter((line) => line !== "");
    if (done) return;
  }
}

interface Reply {
  status: number;
  body: unknown;
  /** Milliseconds since 1970. */
  date: number;
}

const SIGNED_OUT = "You are not signed in any more. Open a sign-in link in another tab; your edit is kept here.";

function refused(status: number, body: unknown): never {
  if (status === 401) throw new ApiError(status, SIGNED_OUT);
  const problem = body !== null && typeof body === "object" && "title" in body ? (body as ProblemWire) : null;
  const said = problem?.detail || problem?.title;
  throw new ApiError(status, said || `The server answered ${status}. Your edit is kept; try again.`, problem);
}

/** True for an answer that nobody waits for any more. */
export function aborted(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}
