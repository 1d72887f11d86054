/** Carries the desk's wishes to the server: check, repair, save, publish. Every failure leaves the wishes where they are. */

import { aborted, ApiError, type Api } from "../core/api.ts";
import { editsOf } from "../core/edits.ts";
import { readSnapshot } from "../core/model.ts";
import { isSave } from "../core/store.ts";
import { chosen, overtakenText, partText, toggled } from "../core/parts.ts";
import { uuid } from "../core/uuid.ts";
import { count, worthText } from "../core/words.ts";
import type {
  AnswerWire,
  ChangedSinceWire,
  Direction,
  EditWire,
  EventWire,
  RepairWire,
  ReviewRequest,
  SaveRequest,
  SaveWire,
} from "../core/wire.ts";
import type { Desk } from "./desk.svelte.ts";
import { Jobs } from "./jobs.ts";

/** How long a saved change may take to come back on the socket before the schedule is fetched again. */
const ECHO_PATIENCE = 3_000;

export class Clerk {
  readonly #api: Api;
  readonly #desk: Desk;
  #asking: AbortController | null = null;
  #attempt: SaveRequest | null = null;
  /** The save whose event is awaited, and the last one whose event has come: it may overtake its own answer. */
  #awaited: string | null = null;
  #echoed: string | null = null;

  /** The batch jobs of this desk. */
  readonly jobs: Jobs;

  constructor(api: Api, desk: Desk) {
    this.#api = api;
    this.#desk = desk;
    this.jobs = new Jobs(api, desk, (work) => this.#attend(work));
    desk.store.subscribe(({ event }) => this.#heard(event));
  }

  /** Fetch the whole schedule and what is broken in it. */
  async load(): Promise<void> {
    this.#desk.store.load(await this.#api.schedule());
  }

  /** Find out what the wishes break and, if they break something, how it could be mended. */
  async check(): Promise<void> {
    const desk = this.#desk;
    const signal = this.#ask();
    desk.trouble = null;
    desk.forgetAnswer();
    desk.warning = null;
    if (!desk.edited) desk.discard();
    else desk.step = "checking";
    await this.#attend(async () => {
      const edits = this.#edits();
      const { violations } = await this.#api.checks(edits, signal);
      if (edits.length === 0) {
        desk.standingViolations = violations;
        return;
      }
      desk.editedViolations = violations;
      desk.step = "checked";
      this.#announceCheck();
      if (desk.broken.length > 0) await this.#findRepairs(edits, signal);
    });
    if (desk.step === "checking" && !signal.aborted) desk.step = "unchecked";
  }

  /** Look for repairs of what is broken, with or without wishes. */
  async repair(): Promise<void> {
    const signal = this.#ask();
    await this.#attend(() => this.#findRepairs(this.#edits(), signal));
  }

  /** Take a move of the previewed repair, or leave it out, and find out what that leaves broken. */
  async choose(session: string): Promise<void> {
    const desk = this.#desk;
    const { answer, repair } = desk;
    if (!answer || !repair) return;
    const signal = this.#ask();
    desk.leftOut = toggled(desk.leftOut, session);
    desk.review = null;
    if (desk.leftOut.size === 0) return;
    await this.#attend(async () => {
      desk.review = await this.#api.review(this.#part(answer, repair), signal);
      desk.say(partText(desk.review, (id) => desk.title(id)));
    });
  }

  /** Save the previewed repair, or the part of it that is wanted, with the edit it mends. */
  async accept(): Promise<void> {
    const { repair, leftOut, review } = this.#desk;
    const changes = leftOut.size === 0 ? repair?.changes : review?.changes;
    if (changes && changes.length > 0) await this.#save(this.#request(changes));
  }

  /** Save the wishes as they are. */
  async save(): Promise<void> {
    await this.#save(this.#request(this.#edits()));
  }

  /** Save what the job proposes, which applies it. */
  async acceptJob(): Promise<void> {
    const { job } = this.#desk;
    if (!job?.changes) return;
    await this.#save({ saveAttemptId: job.jobId, expectedVersion: job.baseVersion, changes: job.changes });
  }

  /** Go through with a save that leaves conflicts. */
  async override(reason: string): Promise<void> {
    if (this.#attempt) await this.#save({ ...this.#attempt, override: { reason } });
  }

  /** Withdraw a save that is waiting for a reason. */
  async withdraw(): Promise<void> {
    const attempt = this.#attempt;
    this.#desk.warning = null;
    this.#attempt = null;
    if (attempt) await this.#attend(() => this.#api.save({ ...attempt, cancel: true }));
  }

  /** After a stale save: take the newest schedule, keep the wishes, check again. */
  async refresh(): Promise<void> {
    this.#desk.changedSince = [];
    this.#desk.step = this.#desk.edited ? "unchecked" : "idle";
    await this.#attend(() => this.load());
  }

  /** Look at what undo or redo would put back. */
  lookBack(direction: Direction): void {
    this.#desk.refusal = null;
    this.#desk.reversing = direction;
  }

  /** Undo or redo one's own last change; `reason` accepts the conflicts that it was refused for. */
  async reverse(direction: Direction, reason?: string): Promise<void> {
    const desk = this.#desk;
    const request = { saveAttemptId: uuid(), expectedVersion: desk.standing.version };
    desk.step = "saving";
    try {
      await this.#api.reverse(direction, reason ? { ...request, override: { reason } } : request);
      desk.reversing = null;
      desk.say(direction === "undo" ? "Undone." : "Made again.");
      void this.#recheck();
    } catch (error) {
      if (error instanceof ApiError && error.status === 409) desk.refusal = error.problem;
      else {
        desk.reversing = null;
        this.#complain(error);
      }
    }
    if (desk.step === "saving") desk.step = "idle";
  }

  /** Put a change back together with the repair that makes room for it. */
  async acceptRoom(): Promise<void> {
    const changes = this.#desk.refusal?.repair?.repairs[0]?.changes;
    this.#desk.reversing = null;
    if (changes) await this.#save(this.#request(changes));
  }

  /** After a stale save: take the newest schedule, leave out what others have changed, keep and check the rest. */
  async merge(): Promise<void> {
    const touched = this.#desk.changedSince.flatMap(({ sessionId }) => sessionId ?? []);
    this.#desk.keepUntouched(touched);
    await this.refresh();
  }

  /** The repair that is looked at, for others to see. */
  shownRepair() {
    const { answer, repair, standing } = this.#desk;
    return { baseVersion: answer?.version ?? standing.version, edits: this.#edits(), moves: repair?.moves ?? [] };
  }

  async publish(): Promise<void> {
    const desk = this.#desk;
    desk.publishing = true;
    desk.trouble = null;
    await this.#attend(async () => {
      await this.#api.publish(desk.standing.version);
      desk.say("Published. Attendees see it now.");
    });
    desk.publishing = false;
  }

  /** Fetch what attendees see, to hold the draft against it. */
  async compare(): Promise<void> {
    const desk = this.#desk;
    desk.published = null;
    desk.comparing = true;
    await this.#attend(async () => {
      const { schedule } = await this.#api.published();
      desk.published = readSnapshot(schedule).sessions;
    });
    if (desk.published === null) desk.comparing = false;
  }

  async #findRepairs(edits: EditWire[], signal: AbortSignal): Promise<void> {
    const desk = this.#desk;
    desk.searching = true;
    try {
      const answer = await this.#api.repairs(edits, desk.standing.version, signal);
      desk.answer = answer;
      desk.preview(answer.repairs.length > 0 ? 0 : null);
      desk.say(answer.repairs.length > 0 ? `${count(answer.repairs.length, "repair")} found.` : "No repair was found.");
    } finally {
      if (!signal.aborted) desk.searching = false;
    }
  }

  async #save(request: SaveRequest): Promise<void> {
    const desk = this.#desk;
    this.#attempt = request;
    desk.step = "saving";
    desk.trouble = null;
    desk.warning = null;
    try {
      this.#answered(request, await this.#api.save(request));
    } catch (error) {
      desk.step = "checked";
      if (this.#echoed === request.saveAttemptId) this.#settle();
      else this.#complain(error);
    }
  }

  #answered(request: SaveRequest, save: SaveWire): void {
    const desk = this.#desk;
    switch (save.result) {
      case "saved":
        this.#attempt = null;
        this.#awaitEcho(request);
        return;
      case "warning_required":
        desk.step = "checked";
        desk.warning = save.conflicts;
        return;
      case "stale_blocked":
        this.#attempt = null;
        this.#stale(save.changedSince ?? []);
        desk.worthNow = worthText(save);
        return;
      default:
        this.#attempt = null;
        desk.step = "checked";
        desk.trouble = save.detail ?? "The edit was not saved.";
    }
  }

  /** The edit is true once its own event has come back; the answer alone only makes it pending. */
  #awaitEcho(request: SaveRequest): void {
    const id = request.saveAttemptId;
    this.#desk.step = "pending";
    this.#awaited = id;
    if (this.#echoed === id) this.#settle();
    setTimeout(() => {
      if (this.#awaited === id) void this.#attend(() => this.load());
    }, ECHO_PATIENCE);
  }

  #settle(): void {
    const desk = this.#desk;
    this.#awaited = null;
    this.#attempt = null;
    desk.discard();
    desk.trouble = null;
    desk.say(`Saved as version ${desk.store.standing.version}.`);
    void this.#recheck();
  }

  /** The store has changed: by an own save or somebody else's; either makes what was found out old. */
  #heard(event: EventWire | null): void {
    if (event !== null && !isSave(event)) return;
    if (event?.saveAttemptId) this.#echoed = event.saveAttemptId;
    void this.jobs.saved(event?.saveAttemptId ?? null);
    const { step } = this.#desk;
    const awaited = this.#awaited !== null && (event === null || event.saveAttemptId === this.#awaited);
    if (awaited || this.#wasSavedUnanswered(event)) this.#settle();
    else if (step !== "saving" && step !== "pending" && step !== "stale") void this.#recheck();
  }

  /** The answer of a save was lost on its way, but its event has come. */
  #wasSavedUnanswered(event: EventWire | null): boolean {
    const id = this.#attempt?.saveAttemptId;
    return id !== undefined && event?.saveAttemptId === id && this.#desk.step !== "saving";
  }

  /** First what is broken as it stands, then what became of the repair that was shown, then what the wishes add. */
  async #recheck(): Promise<void> {
    const { answer, repair } = this.#desk;
    const seen = answer && repair ? this.#part(answer, repair) : null;
    await this.#attend(async () => {
      const [checked, ledger, undoable] = await Promise.all([
        this.#api.checks([]),
        this.#api.conflicts(),
        this.#api.undoable(),
      ]);
      // What is as it was is left alone: every card looks at the violations.
      if (!alike(this.#desk.standingViolations, checked.violations)) this.#desk.standingViolations = checked.violations;
      if (!alike(this.#desk.ledger, ledger.items)) this.#desk.ledger = ledger.items;
      this.#desk.undoable = undoable;
    });
    this.#desk.refold();
    if (seen) await this.#tellOvertaken(seen);
    if (this.#desk.edited) await this.check();
    else if (seen?.edits.length === 0) await this.#searchAgain();
  }

  async #searchAgain(): Promise<void> {
    this.#desk.forgetAnswer();
    if (this.#desk.standingViolations.length > 0) await this.repair();
  }

  async #tellOvertaken(seen: ReviewRequest): Promise<void> {
    const review = await this.#api.review(seen).catch((error: unknown) => this.#complain(error));
    if (!review || review.version === seen.baseVersion) return;
    this.#desk.overtaken = review;
    this.#desk.say(overtakenText(review));
  }

  #part(answer: AnswerWire, repair: RepairWire): ReviewRequest {
    const part = { baseVersion: answer.version, edits: this.#edits(), moves: repair.moves };
    return { ...part, chosen: chosen(repair, this.#desk.leftOut) };
  }

  #announceCheck(): void {
    const broken = this.#desk.broken.length;
    this.#desk.say(broken === 0 ? "Nothing breaks." : `This edit breaks ${count(broken, "rule")}.`);
  }

  #edits(): EditWire[] {
    const { wishes, conceded, frame } = this.#desk;
    return [...editsOf(wishes, frame.clock), ...conceded.flatMap(({ edits }) => edits)];
  }

  /** The same wish at the same version is the same attempt, so that a second try cannot save twice. */
  #request(changes: EditWire[]): SaveRequest {
    const expectedVersion = this.#desk.standing.version;
    const { saveAttemptId, ...content } = this.#attempt ?? { saveAttemptId: "", expectedVersion: -1, changes: [] };
    const again = JSON.stringify(content) === JSON.stringify({ expectedVersion, changes });
    return { saveAttemptId: again ? saveAttemptId : uuid(), expectedVersion, changes };
  }

  /** A new question makes the earlier one void. */
  #ask(): AbortSignal {
    this.#asking?.abort();
    this.#asking = new AbortController();
    return this.#asking.signal;
  }

  async #attend(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#complain(error);
    }
  }

  #complain(error: unknown): void {
    if (aborted(error)) return;
    if (!(error instanceof ApiError)) throw error;
    if (error.status === 412) this.#stale(error.problem?.changedSince ?? []);
    else this.#desk.trouble = error.message;
  }

  /** The schedule has moved on; where no edit is at stake it is fetched at once. */
  #stale(changedSince: readonly ChangedSinceWire[]): void {
    const desk = this.#desk;
    desk.changedSince = changedSince;
    desk.worthNow = "";
    if (!desk.edited) {
      desk.trouble = "Somebody else has just changed the schedule. This is how it stands now; try again.";
      void this.refresh();
      return;
    }
    desk.step = "stale";
    desk.say("Not saved: the schedule has changed.");
  }
}

function alike(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
