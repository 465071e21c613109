/** What tests of waking use: a push service of their own, with certificates that it takes. */
export { type FakeApns, type FakeApnsOptions, type Fault, type Pushed, startFakeApns } from './apns.ts'
export { pem, type TestIdentity, testCertificate } from './der.ts'
export { type FakeFcm, type FakeFcmOptions, type FcmFault, type FcmPushed, startFakeFcm } from './fcm.ts'
export { type FakeWns, type FakeWnsOptions, startFakeWns, type WnsFault } from './wns.ts'
