import { iv_err_code_e } from '../status.ts'

/** Why a call was refused: the code that it returned, the core's status if it was the core, and what to do. */
export type LastError = { code: iv_err_code_e; status: number; message: string }

let order = 0

/** Keeps the newest refusal of a channel or of the module. Writing allocates nothing: a camera that pushes wrongly does so 25 times a second. */
export class ErrorSlot {
  #code: iv_err_code_e = iv_err_code_e.IV_ERR_NONE
  #status = 0
  #message = ''
  /** larger in the slot that was written last */
  order = 0

  set(code: iv_err_code_e, status: number, message: string): iv_err_code_e {
    this.#code = code
    this.#status = status
    this.#message = message
    this.order = ++order
    return code
  }

  get(): LastError {
    return { code: this.#code, status: this.#status, message: this.#message }
  }
}
