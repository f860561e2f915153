-- The door for Lua. In the dialplan:
--
--   <action application="lua" data="voicebot.lua PROFILE"/>
--
-- Or in a script of your own, which goes on when the talk is over:
--
--   local voicebot = dofile(freeswitch.getGlobalVariable("script_dir") .. "/voicebot.lua")
--   local talk = voicebot(session, "sales")
--   if talk.result == "transfer" then ... elseif talk.result == "busy" or talk.result == "error" then ... end
--
-- It is the same call as <action application="python" data="voicebot PROFILE"/>, and leaves the same variables on the channel. A script that
-- sets a hang-up hook of its own must do so after the talk: a channel has one.

local function voicebot(session, profile)
  -- What stays if there is no such application: then the switch ends the call, and its CDR says why.
  session:setVariable("firstword_result", "error")
  session:setVariable("firstword_error", "mod_python3 is not loaded")
  session:execute("python", "voicebot " .. (profile or "default"))
  local function variable(name)
    return session:getVariable("firstword_" .. name) or ""
  end
  return {
    result = variable("result"), -- hangup, transfer, completed, timeout, busy or error
    error = variable("error"), -- empty, or one line that says whose fault it was
    turns = tonumber(variable("turns")) or 0,
    first_word_ms = tonumber(variable("first_word_ms")), -- the median; nil if nothing was answered
  }
end

-- Run by the dialplan, argv[0] is this file. The channel is not hung up at the end: the dialplan goes on, as after any application.
if argv and argv[0] and argv[0]:match("voicebot%.lua$") then
  voicebot(session, argv[1])
end
return voicebot
