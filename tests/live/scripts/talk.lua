-- A script of an operator's own: it reads what came of the talk, and says so in the log.
local voicebot = dofile(freeswitch.getGlobalVariable("script_dir") .. "/voicebot.lua")
local talk = voicebot(session, argv[1])
freeswitch.consoleLog("notice", string.format("talk.lua: %s, %d turns, first word %s, error <%s>\n", talk.result, talk.turns,
  talk.first_word_ms and "known" or "unknown", talk.error))
