// What an operator should correct, for each rule that decides about a request: in plain Chinese.

import type { HINTS_EN } from './hints-en.ts'

export const HINTS_ZH: Readonly<Record<keyof typeof HINTS_EN, string>> = {
  // 已正常答复
  person_needed: '正常：浏览器已转到登录或授权页面。',
  code_issued: '正常：授权码已送到回调地址，接下来应有一次换取令牌的请求。',
  token_issued: '正常：令牌已签发；如有用户登录，接下来应有一次获取用户信息的请求。',
  user_info_answered: '正常：应用已经知道是谁登录了。',
  token_active: '正常：令牌有效。',
  token_inactive: '已答复“无效”：令牌已过期、已撤销、不存在，或不归该应用查询。',
  token_revoked: '正常：令牌已撤销。',
  token_unknown: '正常：没有需要撤销的令牌。',
  signed_out: '正常：用户已退出登录。',
  sign_out_declined: '正常：用户选择保持登录。',

  // 应用的身份
  client_unknown: '没有这个 client_id。请用“npx lingpai client list”重新复制 ClientId，注意不要带空格。',
  client_document_unusable:
    'client_id 是文档地址，但该文档不可用。原因指出需在文档或 registration.documentHosts 中更正之处；非公网地址须写入 outboundAllow 并开启 outboundAllowStrangers。',
  client_disabled: '该应用已停用。如需使用，请重新启用。',
  client_changed: '签发之后该应用曾被停用，旧的凭据不再有效。请让用户重新登录。',
  client_id_missing: '授权请求中必须有且只有一个 client_id。',
  client_id_differs: '请求体中的 client_id 与 Basic 请求头中的不一致。请在两处填写同一个 ClientId。',
  client_credentials_missing: '应用没有表明身份。请发送请求头“authorization: Basic …”，或在请求体中发送 client_id。',
  client_secret_missing: '只收到了应用标识，没有密钥。请在应用一侧填写 ClientSecret。',
  client_secret_wrong:
    '密钥不正确。请重新复制（不要带空格），或用“npx lingpai client rotate-secret CLIENT_ID”换一个新密钥。',
  client_authentication_method:
    '应用使用的认证方式与 token_endpoint_auth_method 不符。请更正设置或应用；若只是 basic 与 post 之别，可关闭 strictAuthMethod。',
  client_authentication_limited: '该地址一分钟内密钥错误次数过多。请先改正 ClientSecret，再等一分钟。',
  client_credentials_public: '公开应用不能使用 client_credentials。请登记一个带密钥的应用。',
  public_client_sent_secret: '该应用登记为公开应用，却发送了密钥。请改为带密钥登记，或让它不要发送密钥。',
  basic_malformed: '请求头必须是 Basic、一个空格，以及 client_id:client_secret 的 base64。',
  two_authentication_methods:
    '应用同时使用了两种认证方式，请只用一种；若请求头与请求体中是相同密钥，可设置 bothWhenIdentical。',
  assertion_missing: '应用登记为使用签名断言，但没有发送。请在应用一侧设置相应的认证方式。',
  assertion_incomplete: 'client_assertion 与 client_assertion_type 必须同时发送。',
  assertion_type: '请发送 client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer。',
  assertion_malformed: 'client_assertion 必须是专为本次请求签名的 JWT，请在应用一侧更正。',
  assertion_algorithm: '断言的签名算法不在该应用允许之列，请核对 token_endpoint_auth_signing_alg。',
  assertion_issuer: '断言中的 iss 与 sub 必须是 client_id，请在应用一侧更正。',
  assertion_audience: '断言中的 aud 必须是本服务的 issuer 或令牌端点，请在应用一侧更正。',
  assertion_expiry: '断言中的 exp 必须是数字，且最多为五分钟之后，请在应用一侧缩短。',
  assertion_expired: '断言已过期。请核对应用与本服务的时钟，并为每次请求生成新的断言。',
  assertion_early: '断言的时间在未来，请校准应用的时钟。',
  assertion_jti: '断言必须带有 1 至 256 个字符的 jti，且每次不同。',
  assertion_replayed: '该断言已使用过。请让应用为每次请求生成带有新 jti 的断言。',
  assertion_signature: '断言由其他密钥签名。请核对应用的密钥与 jwks，或核对其密钥（secret）。',
  assertion_key_unknown: '应用没有与断言的 kid 和 alg 相符的公钥。请加入 jwks，或在 jwks_uri 处公布。',
  assertion_key_ambiguous: '应用有多个公钥与断言相符。请让应用发送 kid，并为每个公钥设置不同的 kid。',
  client_keys_unavailable:
    '无法从 jwks_uri 获取应用的公钥，请查看原因；非公网主机需列入 outboundAllow；该列表只适用于已核准的客户端（client approve），开启 outboundAllowStrangers 后适用于所有客户端。',
  introspection_public: '只有带密钥的应用才能查询令牌状态。',

  // 授权请求
  redirect_uri_missing: '请在授权端点和令牌端点都发送 redirect_uri。',
  redirect_uri_repeated: 'redirect_uri 只能发送一次。',
  redirect_uri_mismatch:
    'redirect_uri 必须与登记的地址逐字相同。请在应用一侧改正，或登记它所发送的地址（要保留的地址也要逐一写上）：“npx lingpai client update CLIENT_ID --redirect-uri URI”。',
  response_type_missing: '请发送 response_type=code；应用做不到时，可把 authorize.defaultResponseType 设为 code。',
  response_type_unsupported:
    '请在应用一侧选择授权码流程（response_type=code）。在授权端点直接返回令牌的类型需要开启服务器选项 implicitAndHybrid；不支持单独的 token。',
  response_type_not_allowed: '该应用没有登记这个 response_type。请把它加入 response_types。',
  response_mode_unsupported:
    'response_mode 可以是 query、fragment 或 form_post。请在应用一侧选择其一，或不发送此参数。',
  response_mode_leaks: '令牌绝不会放在查询串中。请在应用一侧选择 fragment 或 form_post。',
  response_mode_unreachable: 'form_post 只能到达 https 和 http 地址。请在应用一侧选择 query 或 fragment。',
  nonce_missing: '请让应用发送 nonce：授权端点返回的 ID 令牌必须与请求对应。',
  openid_missing: '应用要求返回 ID 令牌，因此 scope 中必须有 openid。',
  claims_malformed: '参数 claims 不符合 OpenID Connect Core §5.5。请在应用一侧改正。',
  claims_sub_contradicts: 'claims 与 id_token_hint 指明的不是同一个人，或没有指明任何人。请在应用一侧改正。',
  acr_unmet: '应用坚持要求本服务器没有的认证级别（acr）。请改为非必需的请求。',
  signing_algorithm_off:
    '服务器没有该应用 id_token_signed_response_alg 所用的签名算法。请修改该设置，或在选项 keys.algorithms 中加入该算法。',
  signing_key_waiting:
    '签名算法刚刚加入，待客户端能够获知其公钥后才开始签名。请稍候，或运行 "npx lingpai key list" 查看。',
  scope_malformed: 'scope 中有不允许的字符。各名称之间用一个空格分隔：openid profile phone。',
  scope_not_allowed: 'scope 中有该应用不可使用的名称。请在应用一侧改正，或允许该名称。',
  state_too_long: 'state 超过 4096 个字符。请让应用自己保存数据，只发送一个引用。',
  request_too_large: '授权请求过大。请缩短 state 和 scope。',
  request_object_malformed: '应用发送的 request 不是请求对象：应为三段的 JWT，加密时为五段。',
  request_object_type: '应用把另一种令牌当作请求对象发送。其 typ 应为 oauth-authz-req+jwt、JWT 或省略。',
  request_object_nested: '请求对象内不得包含 request 或 request_uri（RFC 9101 §4）。',
  request_object_client: '请求对象内外的 client_id 必须一致。',
  request_object_issuer: '请求对象的 iss 必须是 client_id。',
  request_object_assertion: '请去掉请求对象中的 sub：以客户端为 sub 的对象可被当作客户端断言使用。',
  request_object_audience: '请求对象的 aud 必须包含本服务的 issuer。',
  request_object_expired: '请求对象已过期。请核对双方时钟，或延长 exp。',
  request_object_early: '请求对象的 nbf 或 iat 晚于本服务的时钟。请核对双方时钟。',
  request_object_algorithm:
    '请使用 request_object_signing_alg 登记的算法签名。不签名时须登记 none，并开启服务器选项 unsignedJwt。',
  request_object_signature: '请求对象不是用该客户端的密钥签名的。请核对 jwks 与应用实际使用的密钥。',
  request_object_encryption:
    '请用本服务 JWKS 中 use 为 enc 的公钥加密请求对象（须开启选项 encryptedRequests），算法须与 request_object_encryption_alg、_enc 一致，且不得压缩（zip）。',
  client_encryption_key:
    '发给该客户端的内容需要加密。请在 jwks 或 jwks_uri 中提供适用于该算法、use 为 enc 的公钥；使用密钥加密的算法需要重新生成客户端密钥。',
  client_encryption_keys_unavailable: '请确保客户端的 jwks_uri 可以访问，否则无法加密。',
  request_object_key: '签名所用的公钥不在客户端登记的公钥中，或无法读取 jwks_uri。',
  request_object_missing: '该客户端设置了 require_signed_request_object：请让它发送 request，或更改此设置。',
  request_and_request_uri: 'request 与 request_uri 只能发送其中之一。',
  request_uri_unregistered: '请在 request_uris 中逐字符登记该地址（片段除外）。',
  request_uri_unavailable: '无法从 request_uri 获取请求对象。该地址须可公开访问，5 秒内应答，且不超过 32 KiB。',
  request_pushed: '正常：等待浏览器携带引用到达，下一个请求应为 authorize。',
  request_uri_pushed: '请推送参数本身，或以 request 推送请求对象；request_uri 由随后的浏览器携带。',
  request_not_pushed:
    '该客户端设置了 require_pushed_authorization_requests：请让它先把请求推送到 /sso/par，或更改此设置。',
  pushed_request_gone:
    '该引用已使用过、已过期（选项 lifetimes.pushedRequest），或不属于该客户端。请让它在每次跳转浏览器之前重新推送。',
  dpop_proof_missing:
    '该客户端的令牌绑定到密钥，因此每个请求都要在请求头 `DPoP` 中附带证明（JWT）。请在其库中开启 DPoP，或把 dpop_bound_access_tokens 设为 false。',
  dpop_proof_invalid:
    '错误说明指出证明有何问题。常见原因：代理使地址（htu）与元数据不一致，或证明是为另一个请求生成的。',
  dpop_nonce_needed:
    '客户端的时钟不准，或所用的 nonce 已过期。响应中给出了新的 nonce（DPoP-Nonce），其库会自动重试；若没有重试，请校准时钟。',
  dpop_proof_replayed: '每个证明只能使用一次。请让客户端为每个请求（包括重试）生成新的证明和新的 jti。',
  dpop_key_differs:
    '所出示的凭据绑定到某个密钥，而请求没有证明，或证明的是另一个密钥。请让客户端在令牌有效期间保留密钥，或重新登录。',
  dpop_jkt_malformed: 'dpop_jkt 是密钥的 SHA-256 指纹（RFC 7638），以 base64url 表示，共 43 个字符。',
  access_token_bound:
    '该令牌绑定到密钥：请以 `authorization: DPoP …` 发送，并附上该密钥的证明。作为 Bearer 令牌它无效，因此被窃取也无法使用。',
  access_token_not_bound:
    '签发该令牌时没有 DPoP 证明，因此它是 Bearer 令牌。请让客户端在取得令牌时证明其密钥，或以 `authorization: Bearer …` 发送。',
  parameter_repeated: '有参数发送了两次。请检查应用一侧填写的地址是否已经带有该参数。',
  prompt_unknown: 'prompt 只能是 none、login、consent 或 select_account。',
  prompt_none_alone: 'prompt=none 必须单独使用，请去掉其他值。',
  max_age_malformed: 'max_age 必须是整数秒数。',
  id_token_hint_foreign: 'id_token_hint 不是本服务器签发的 ID 令牌。请检查应用是否连接了多个服务器。',
  id_token_hint_of_other_client: 'id_token_hint 是签发给另一个应用的，与 client_id 不符。',
  pkce_required: '该应用必须使用 PKCE。请在应用一侧开启（S256）；带密钥的应用可把 authorize.pkce 设为 optional。',
  pkce_method: '只接受 S256 方式。请在应用一侧选择它。',
  pkce_challenge_malformed: 'code_challenge 必须是 SHA-256 的 base64url 文本，43 个字符，没有填充。',

  // 用户
  login_required: 'prompt=none，但没有人登录。应用应去掉 prompt=none 重新开始。',
  consent_required: 'prompt=none，但用户尚未同意授权。应用应去掉 prompt=none 重新开始。',
  user_refused: '用户点了“拒绝”。无需改正。',
  username_missing: '用户没有填写用户名。无需改正。',
  password_missing: '用户没有填写密码。无需改正。',
  password_wrong: '用户名或密码不正确。如用户忘记密码，请用“npx lingpai user set-password USERNAME”重设。',
  user_disabled: '该用户已停用。用“npx lingpai user enable USERNAME”可让其重新登录。',
  user_changed: '过程中该用户被停用或更换了密码。请让用户重新登录。',
  user_removed: '该用户已被移除。',
  password_temporary: '该密码由他人设定，因此请其先设置自己的密码。一切正常。',
  choice_expired: '临时密码正确，但设置新密码时已超过十分钟，或账号已有变动。',
  new_password_refused: '其所选的新密码不能使用，页面已说明原因。',
  other_user_expected: '登录的人与应用所要求的不是同一个人。',
  sign_in_network_limited: '该网络对此用户的密码错误次数过多，过了所示时间即可再试。',
  sign_in_user_limited: '有人从多处猜测此用户的密码。陌生浏览器每分钟只能试一次，常用浏览器不受影响。',
  sign_in_address_limited: '该地址密码错误次数过多。失败过的浏览器需要等待，其他浏览器可以登录。',
  form_foreign: '表单不是从本页面提交的。如果人人都遇到，请检查代理是否保留了 Cookie、Host 和 Origin。',
  cookies_missing: '浏览器没有发送 Cookie。请检查是否允许 Cookie，以及页面是否嵌在其他网站的框架中。',
  interaction_expired: '登录页面打开过久，或已在另一个标签页完成。请从应用重新开始。',
  interaction_unknown: '登录页面的链接是在另一个浏览器中打开的。请从应用重新开始。',
  visit_changed: '请求过程中会话或应用发生了变化。重试即可。',
  session_ended: '用户已退出登录，没有 offline_access 的令牌随之失效。请让用户重新登录。',
  post_logout_redirect_uri_mismatch:
    '应用必须发送 id_token_hint 或 client_id，地址必须与登记的逐字相同。请在应用一侧改正，或登记它所发送的地址：“npx lingpai client update CLIENT_ID --set post_logout_redirect_uris=URI”；有多个时一并写上：\'["URI","URI"]\'。',

  // 换取令牌
  grant_type_missing: '请以 application/x-www-form-urlencoded 在请求体中发送 grant_type。',
  grant_type_unsupported: 'grant_type 只能是 authorization_code、refresh_token 或 client_credentials。',
  grant_type_not_allowed: '该应用不可使用此 grant_type。如需使用，请加入 grant_types。',
  parameter_source: '参数的发送方式不允许该应用使用。请改用表单请求体，或放宽 token.paramSources。',
  code_missing: '请发送 code，内容与回调地址收到的一致。',
  code_unknown: '没有这个授权码。可能被截断、解码了两次，或来自另一个服务器。',
  code_of_other_client:
    '授权码是签发给另一个应用的。多个应用可能共用回调地址，请检查它用的是哪一组 ClientId 和 ClientSecret。',
  code_expired: '授权码已过期。请检查应用耗时多久，以及它能否访问令牌端点。',
  code_replayed: '授权码被第二次使用，由它得到的令牌已撤销。应用或其前面的代理重复了请求。',
  code_dead: '授权码错误尝试过多。请按前面的记录改正，然后重新登录。',
  redirect_uri_differs: '令牌端点的 redirect_uri 必须与授权请求中的一致。',
  pkce_verifier_missing: '授权请求带有 code_challenge，因此必须发送 code_verifier。应用可能在多台服务器之间丢失了它。',
  pkce_verifier_malformed: 'code_verifier 必须是 43 到 128 个字母、数字或 -._~。',
  pkce_verifier_wrong: 'code_verifier 与 code_challenge 不符。应用可能混淆了两次登录。',
  pkce_downgrade: '收到了 code_verifier，但授权请求没有 code_challenge。请在两步都开启 PKCE。',
  refresh_token_missing: '请发送 refresh_token。',
  refresh_token_unknown: '没有这个刷新令牌。可能被截断，或早已过期。请让用户重新登录。',
  refresh_token_of_other_client: '刷新令牌属于另一个应用。',
  refresh_token_expired: '刷新令牌太久未使用，或已过最长期限。请让用户重新登录。',
  refresh_token_lost: '两个请求同时到达。重试即可。',
  refresh_token_repeated: '刷新令牌在几秒内使用了两次。应用应只刷新一次，并共用结果。',
  refresh_token_replayed: '旧的刷新令牌再次出现：可能被盗，或应用没有保存新的。相关令牌已撤销。',
  refresh_withdrawn: '该应用不再可用刷新令牌：请查看 reply.refreshToken 及其 scope。',
  scope_wider_than_granted: '刷新时不能要求超出原授权的范围。请以更大的范围重新登录。',
  grant_revoked: '用户的授权已撤销。请让用户重新登录。',
  token_missing: '请发送参数 token。',

  // 用户信息
  access_token_missing: '没有收到访问令牌。请发送请求头“authorization: Bearer …”，并检查代理是否转发了它。',
  access_token_ambiguous: '同时收到两个不同的访问令牌。请只发送一个，放在请求头中。',
  access_token_place: '令牌放在了该应用不可使用的位置。请放在请求头中，或放宽 userinfo.tokenFrom。',
  access_token_in_query:
    '访问令牌放在了网址的查询参数中，会被沿途的代理写入日志。请让应用改用请求头“authorization: Bearer …”。应用无法改的，可为它放开：“npx lingpai client update CLIENT_ID --set userinfo.tokenFrom=header,query”。',
  access_token_unknown: '没有这个访问令牌。可能被截断、来自另一个服务器，或早已过期。',
  access_token_expired: '访问令牌已过期。应用应刷新令牌，或让用户重新登录。',
  access_token_revoked: '访问令牌已撤销。请让用户重新登录。',
  scope_insufficient: '获取用户信息需要 scope 中有 openid。请在应用一侧加上：openid profile phone。',

  // 自行注册
  start_sent: '用户从本站出发，已转到客户端发起登录的地址。',
  start_unknown: '起始地址中的客户端不存在、已停用，或没有设置 initiate_login_uri。请用 client show 查看。',
  client_registered: '有客户端自行注册，尚未核实。请用 client show 查看，确认其运营方后用 client approve 核准。',
  client_configuration_read: '自行注册的客户端读取了自己的登记内容。',
  client_updated: '自行注册的客户端修改了自己的登记，需重新核实，请用 client show 查看。',
  client_removed: '自行注册的客户端注销了自己，签发给它的一切均已失效。',
  initial_access_token_missing:
    '注册受保护：请用“npx lingpai registration-token create”生成令牌交给注册者，并以“authorization: Bearer …”发送。',
  initial_access_token_invalid:
    '初始访问令牌不存在、已过期、已撤销或已用完。请重新生成：“npx lingpai registration-token create”。',
  registration_access_token_missing: '请以“authorization: Bearer …”发送注册访问令牌。',
  registration_access_token_invalid:
    '注册访问令牌不属于该客户端，或客户端已停用、已删除。每次修改都会换发新令牌，请保存最新的一个。',
  registration_identity: '修改时必须注明自己的 client_id，且不能包含只由服务器签发的内容。',
  registration_changed: '同一客户端的两次修改相遇。请重新读取后再试。',
  registration_change_limited:
    '某客户端一小时内修改自身超过 20 次，或某网络的修改次数达到 registration.perAddress。一小时后可继续。',
  registration_limited: '注册数量超出 registration.perAddress 或 registration.most。请发放初始访问令牌，或调高上限。',
  redirect_uri_unregistrable: '有回调地址不能登记，原因中写明了是哪一个。另请查看 registration.redirectHosts。',
  client_metadata_invalid: '客户端的自述无法登记，原因中写明了是哪一项。上限见选项 registration.…。',
  software_statement_unapproved: '软件声明的签发者未列入 registration.statementIssuers。',
  software_statement_invalid: '软件声明已损坏、已过期，或签名密钥不符，见原因。',
  software_statement_missing: '已开启 registration.statementRequired，但没有收到软件声明。',

  // 请求本身
  body_not_utf8: '请求体必须是 UTF-8。',
  charset_unsupported: 'Content-Type 必须注明 UTF-8，或不注明字符集。',
  content_type_unsupported: '请以 application/x-www-form-urlencoded 发送请求体。',
  parameters_malformed: '查询串或请求体的百分号编码不正确。请检查应用的编码方式。',
  json_malformed: '请求体不是 JSON 对象。',
  json_not_flat: 'JSON 成员不能重名，值只能是文本、数字或布尔值。',
  multipart_malformed: '上传的表单已损坏，请重新提交。',
  too_many_parts: '上传的表单部分过多。',
  field_too_large: '上传的表单中有字段过大。',
  file_too_large: '上传的文件过大。请分成几份，或使用命令行。',
  misdirected:
    '请求的主机名或协议与签发者地址不同。请使用签发者地址；在代理之后请设置 trustedProxies，并转发 Host 与 X-Forwarded-Proto。',
  method_not_allowed: '该端点不支持此方法。令牌端点需要 POST；请检查是否有跳转把 POST 变成了 GET。',
  not_found: '此路径没有内容。请重新复制各端点地址。',
  refused: '请求被拒绝，原因见说明。',
  store_unavailable: '数据库没有应答。请检查它是否在运行，磁盘是否有空间。',
  stood_still: '进程曾被暂停，或其所在机器曾停顿。等待中的请求会由客户端重新发出；请查明停顿的原因。',
  sign_ins_crowded: '已有两百个密码在等待检查。每次检查有意占用一个核心数十毫秒：增加核心或机器可以检查更多。',
  overloaded: '同时处理的请求已达上限。请查看服务器负载和数据库的响应速度。',
  server_failed: '服务器自身出错。同一时刻的日志写明了位置，请反馈给我们。',
  unnamed: '请求被拒绝，没有对应的规则。请查看状态码和日志。',

  // 令牌用于哪个 API
  resource_malformed: 'resource 必须是不带片段的绝对 URI。请在应用一侧更正。',
  resource_too_many: '一次请求列出的 resource 过多。请在应用一侧更正。',
  resource_unknown: '没有这个标识的资源。请与“npx lingpai resource list”核对，只允许主机名后多一个斜杠。',
  resource_disabled: '该资源已停用。如需使用，请重新启用：“npx lingpai resource enable IDENTIFIER”。',
  resource_not_allowed: '该应用不能请求此资源。请把它加入应用的 resources 设置，或把资源的 clients 设为 all。',
  resource_several: '一个访问令牌只用于一个资源。每次请求令牌时请只写一个 resource。',
  resource_wider_than_granted: '应用请求的资源不在其授权请求之中。请在授权请求中也写上。',
  resource_changed: '该资源恰好在此刻被修改。没有任何损失，应用可以重试。',
  access_token_of_other_resource: '该令牌用于某个 API。获取用户信息需要不带 resource 或 resource=<issuer> 的令牌。',
}
