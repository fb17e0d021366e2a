/** What the engine reads, held against what the server says of its API: where they part, this does not compile. */
import type { components } from './api.gen.ts';
import type {
  Bootstrap,
  ChatPage,
  WireChat,
  WireMessage,
  WireParticipant,
  WirePerson,
  WireQuote,
  WireReader,
  WireReaders,
  WireRefresh,
  WireSession,
} from './wire.ts';

type Told = components['schemas'];

/** The server tells every member that is read, and of a type that is expected; otherwise the names of those that differ. */
type Read<Ours, Name extends keyof Told> = {
  [Key in keyof Ours]-?: Key extends keyof Told[Name] ? (Told[Name][Key] extends Ours[Key] ? never : Key) : Key;
}[keyof Ours];

type Nothing<Different extends never> = Different;

export type Checked = [
  Nothing<Read<Bootstrap, 'BootstrapBody'>>,
  Nothing<Read<ChatPage, 'ChatPage'>>,
  Nothing<Read<WireChat, 'ChatBody'>>,
  Nothing<Read<WireMessage, 'MessageBody'>>,
  Nothing<Read<WireParticipant, 'ParticipantBody'>>,
  Nothing<Read<WirePerson, 'PersonBody'>>,
  Nothing<Read<WirePerson, 'User'>>,
  Nothing<Read<WirePerson, 'Me'>>,
  Nothing<Read<WireQuote, 'QuoteBody'>>,
  Nothing<Read<WireReader, 'ReaderBody'>>,
  Nothing<Read<WireReaders, 'ReadersBody'>>,
  Nothing<Read<WireRefresh, 'Refresh'>>,
  Nothing<Read<WireSession, 'SessionItem'>>,
];
