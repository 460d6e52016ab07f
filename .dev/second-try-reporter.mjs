// Names every test that passed only when it was tried again, with what had gone wrong: such a test, or what it
// tests, is to be mended.
export default class SecondTryReporter {
  onTestCaseResult(testCase) {
    if (testCase.diagnostic()?.flaky !== true) return;
    const reasons = (testCase.result().errors ?? []).map(({ message }) => message.split('\n')[0]);
    console.log(`passed on the second try: ${testCase.fullName}: ${reasons.join('; ')}`);
  }
}
