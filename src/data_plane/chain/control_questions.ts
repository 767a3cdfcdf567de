/** Questions of one kind that the control plane answers by message: seldom ones, never on the way to a target. */
export class ControlQuestions<Answer, Question = void> {
  readonly #send: (id: number, question: Question) => void;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #lastId = 0;

  /** @param send Sends a question; its answer comes back with the same id. */
  constructor(send: (id: number, question: Question) => void) {
    this.#send = send;
  }

  /** Asks; resolves with the answer. */
  ask(question: Question): Promise<Answer> {
    const id = ++this.#lastId;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.#send(id, question);
    });
  }

  /** Takes the control plane's answer. */
  answer(id: number, answer: Answer): void {
    this.#waiting.get(id)?.(answer);
    this.#waiting.delete(id);
  }
}
